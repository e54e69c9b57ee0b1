import type { ReactNode } from 'react';
import { wordsOf } from '../text/format.ts';
import { Button, Link } from '../ui/Button.tsx';
import { Icon, type IconName } from '../ui/Icon.tsx';
import { Toasts } from '../ui/Toasts.tsx';
import { usePath } from './router.ts';
import { signOut, useSession } from './session.ts';

const links: readonly { readonly to: string; readonly title: string; readonly icon: IconName }[] = [
  { to: '/sources', title: 'Sources', icon: 'sources' },
  { to: '/catalog', title: 'Catalog', icon: 'catalog' },
  { to: '/schedules', title: 'Schedules', icon: 'calendar' },
  { to: '/health', title: 'Health', icon: 'health' },
  { to: '/settings', title: 'Settings', icon: 'settings' },
];

/** What is around every page: where one is, who one is, and what happened. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const path = usePath();
  const { me } = useSession();
  const isCurrent = (to: string): boolean =>
    path === to || path.startsWith(`${to}/`) || (to === '/sources' && path.startsWith('/runs/'));
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <div className="shell">
        <header className="side">
          <Link to="/sources" className="brand">
            <img src="/favicon.svg" alt="" />
            Headgate
          </Link>
          <nav aria-label="Console">
            <ul className="side-links">
              {links.map(({ to, title, icon }) => (
                <li key={to}>
                  <Link to={to} current={isCurrent(to)}>
                    <Icon name={icon} />
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="who">
            <strong>{me.tenant}</strong>
            {wordsOf(me.role)}
            {me.sources !== null && ', some sources'}
            <br />
            <Button kind="quiet" onClick={() => signOut()}>
              Sign out
            </Button>
          </div>
        </header>
        <main id="main" className="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Toasts />
    </>
  );
}
