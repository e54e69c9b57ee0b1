import type { Run } from '../../../client/generated.ts';
import { countText, dateTimeText } from '../../text/format.ts';
import { runBadge } from '../run/runWords.ts';

const height = 56;
const shortest = 4;

/** Rows written by each run, oldest on the left; the colour says how it ended. The table beside it has the numbers. */
export function RunsChart({ runs }: { readonly runs: readonly Run[] }) {
  const shown = runs.slice(0, 40).toReversed();
  const most = Math.max(1, ...shown.map(({ counts }) => counts.written));
  return (
    <figure className="runs-chart" aria-label="Rows written by each run">
      <svg
        viewBox={`0 0 ${shown.length * 12} ${height}`}
        preserveAspectRatio="xMinYMax meet"
        role="presentation"
      >
        {shown.map((run, index) => {
          const size = shortest + (height - shortest) * Math.sqrt(run.counts.written / most);
          const { color, text } = runBadge(run);
          return (
            <rect
              key={run.id}
              className={`bar ${color}`}
              x={index * 12}
              y={height - size}
              width={9}
              height={size}
              rx={1.5}
            >
              <title>
                {`${dateTimeText(run.createdAt)}: ${text}, ${countText(run.counts.written)} rows written`}
              </title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}
