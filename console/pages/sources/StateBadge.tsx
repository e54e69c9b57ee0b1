import type { SourceSummary } from '../../../client/generated.ts';
import { Badge } from '../../ui/Badge.tsx';
import { stateBadges, statusBadges } from './health.ts';

/** A source’s state, and beside it what it is set to where that is not “active”. */
export function StateBadge({
  source,
}: {
  readonly source: Pick<SourceSummary, 'health' | 'status'>;
}) {
  const status = statusBadges[source.status];
  return (
    <span className="badges">
      <Badge {...stateBadges[source.health]} />
      {status !== null && <Badge {...status} plain />}
    </span>
  );
}
