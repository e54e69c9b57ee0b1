import { memo } from 'react';
import type { SourceSummary } from '../../../client/generated.ts';
import { useClient, useMay } from '../../app/session.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { countOf } from '../../text/format.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button, Link } from '../../ui/Button.tsx';
import { Ago } from '../../ui/Time.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { sourcePath } from './SourcesTable.tsx';

const shownAtMost = 3;
const titles: Readonly<Record<string, string>> = {
  breaking_drift: 'Breaking schema drift',
};

/** The heading of a reason for attention. */
export const attentionTitle = (code: string): string =>
  titles[code] ?? code.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());

/** What somebody has to look at, above everything else, until it is acknowledged. */
export const AttentionBanner = memo(function AttentionBanner({
  sources,
}: {
  readonly sources: readonly SourceSummary[];
}) {
  const wanting = sources.filter(({ attention }) => attention.length > 0);
  if (wanting.length === 0) return null;
  return (
    <div className="stack tight">
      {wanting.slice(0, shownAtMost).map((source) => (
        <SourceAttention key={source.id} source={source} named />
      ))}
      {wanting.length > shownAtMost && (
        <Alert kind="warning">
          {countOf(wanting.length - shownAtMost, 'more source')} want attention.{' '}
          <Link to="/health">See all on the Health page</Link>
        </Alert>
      )}
    </div>
  );
});

interface SourceAttentionProps {
  readonly source: Pick<SourceSummary, 'id' | 'name' | 'attention'>;
  /** With the source’s name and a link to it. */
  readonly named?: boolean;
}

/** The reasons of one source, each with a button that takes it away. */
export function SourceAttention({ source, named = false }: SourceAttentionProps) {
  const client = useClient();
  const mayEdit = useMay('editor');
  return source.attention.map(({ code, message, since }) => (
    <Alert
      key={code}
      kind="warning"
      title={named ? `${attentionTitle(code)}: ${source.name}` : attentionTitle(code)}
      actions={
        <>
          {code === 'breaking_drift' && (
            <Link to={sourcePath(source.id, 'streams')} className="button quiet">
              See changes
            </Link>
          )}
          {mayEdit && (
            <Button
              onClick={() =>
                void attempt(async () => {
                  sourcesStoreOf(client).put(
                    await client.acknowledgeAttention({ idOrKey: source.id, code }),
                  );
                  toast('success', `${source.name}: acknowledged.`);
                })
              }
            >
              Acknowledge
            </Button>
          )}
        </>
      }
    >
      {message} <Ago at={since} />
    </Alert>
  ));
}
