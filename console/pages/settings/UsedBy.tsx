import { Fragment } from 'react';
import { Link } from '../../ui/Button.tsx';
import { sourcePath } from '../sources/SourcesTable.tsx';

interface UsedByProps {
  readonly sources: readonly { readonly sourceId: string; readonly sourceKey: string }[];
}

/** Links to the settings of sources that use something. */
export const UsedBy = ({ sources }: UsedByProps) =>
  sources.map(({ sourceId, sourceKey }, index) => (
    <Fragment key={sourceId}>
      {index > 0 && ', '}
      <Link to={sourcePath(sourceId, 'settings')}>{sourceKey}</Link>
    </Fragment>
  ));
