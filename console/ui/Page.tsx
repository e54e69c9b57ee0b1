import { type ReactNode, useEffect } from 'react';
import { Link } from './Button.tsx';

interface PageProps {
  readonly title: string;
  /** Beside the title, e.g. a badge. */
  readonly aside?: ReactNode;
  /** The page above this one. */
  readonly parent?: { readonly to: string; readonly title: string };
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page with its one heading, which is also the browser’s title. */
export function Page({ title, aside, parent, description, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Headgate`;
  }, [title]);
  return (
    <>
      <header className="page-header">
        <div className="page-title">
          {parent !== undefined && (
            <nav aria-label="Breadcrumb">
              <Link to={parent.to}>{parent.title}</Link>
              <span aria-hidden="true"> /</span>
            </nav>
          )}
          <div className="title-line">
            <h1>{title}</h1>
            {aside}
          </div>
          {description !== undefined && <p className="page-description">{description}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      <div className="page-body">{children}</div>
    </>
  );
}

interface PanelProps {
  readonly title?: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Without a margin inside, for tables. */
  readonly flush?: boolean;
}

/** A part of a page. */
export const Panel = ({ title, description, actions, children, flush }: PanelProps) => (
  <section className={flush ? 'panel flush' : 'panel'}>
    {(title !== undefined || actions !== undefined) && (
      <div className="panel-header">
        <div>
          {title !== undefined && <h2>{title}</h2>}
          {description !== undefined && <p>{description}</p>}
        </div>
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </div>
    )}
    <div className="panel-body">{children}</div>
  </section>
);

/** Names and values. */
export const Facts = ({
  items,
}: {
  readonly items: readonly { readonly name: string; readonly value: ReactNode }[];
}) => (
  <dl className="facts">
    {items.map(({ name, value }) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
