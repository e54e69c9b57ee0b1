import { type ComponentType, lazy, Suspense, useEffect } from 'react';
import { SourcesPage } from '../pages/sources/SourcesPage.tsx';
import { LinkButton } from '../ui/Button.tsx';
import { ErrorBoundary } from '../ui/ErrorBoundary.tsx';
import { Page } from '../ui/Page.tsx';
import { Empty, Loading } from '../ui/States.tsx';
import { matchPath, navigate, usePath } from './router.ts';

type Params = Readonly<Record<string, string>>;
type PageComponent = ComponentType<{ readonly params: Params }>;

/** In this order; the first that matches is shown. All but the first page are loaded when they are needed. */
const pages: readonly { readonly path: string; readonly show: PageComponent }[] = [
  { path: '/sources', show: SourcesPage },
  { path: '/sources/new', show: lazy(() => import('../pages/add/AddSourcePage.tsx')) },
  { path: '/sources/:id', show: lazy(() => import('../pages/source/SourcePage.tsx')) },
  { path: '/connected', show: lazy(() => import('../pages/add/ConnectedPage.tsx')) },
  { path: '/runs/:id', show: lazy(() => import('../pages/run/RunPage.tsx')) },
  { path: '/catalog', show: lazy(() => import('../pages/catalog/CatalogPage.tsx')) },
  { path: '/catalog/:id/:stream', show: lazy(() => import('../pages/catalog/TablePage.tsx')) },
  { path: '/schedules', show: lazy(() => import('../pages/schedules/SchedulesPage.tsx')) },
  { path: '/health', show: lazy(() => import('../pages/health/HealthPage.tsx')) },
  { path: '/settings', show: lazy(() => import('../pages/settings/SettingsPage.tsx')) },
];

/** The page that the address names. */
export function Pages() {
  const path = usePath();
  useEffect(() => {
    if (path === '/') navigate('/sources', { replace: true });
  }, [path]);
  if (path === '/') return null;
  for (const { path: pattern, show: Show } of pages) {
    const params = matchPath(pattern, path);
    if (params === null) continue;
    return (
      <ErrorBoundary key={path}>
        <Suspense fallback={<Loading />}>
          <Show params={params} />
        </Suspense>
      </ErrorBoundary>
    );
  }
  return (
    <Page title="No such page">
      <Empty
        title="There is nothing at this address"
        action={<LinkButton to="/sources">To the sources</LinkButton>}
      />
    </Page>
  );
}
