import { createHash } from 'node:crypto';
import type { Connector, LandedFile } from '../../shared/connectors/connector.ts';
import { type FilesCheckpoint, filesCheckpoint } from '../../shared/connectors/files.ts';
import { landedFile } from '../shared/staging/testLoader.ts';
import type { ConnectorExample } from './connectorExample.ts';

const because = 'the files lie in Headgate’s own bucket';
/** Of connectors of landed files. */
export const ownBucket = {
  invalid_credentials: because,
  source_forbidden: because,
  source_not_found: because,
  source_unreachable: because,
  source_throttled: because,
} as const;

/** A connector of landed files over an inbox that, as the platform's does, forgets what was delivered. */
export function landedFilesExample(
  connector: Connector,
  contents: Readonly<Record<string, string>>,
  added: Readonly<Record<string, string>>,
): ConnectorExample {
  const inbox: LandedFile[] = Object.entries(contents).map(([name, text]) =>
    landedFile(name, text),
  );
  const identityOf = (name: string, text: string): string =>
    `${name} ${createHash('sha256').update(text).digest('hex')}`;
  return {
    connector,
    config: {},
    credentials: {},
    surroundings: (from) => ({
      landing: {
        async *pending() {
          const checkpoint: FilesCheckpoint | null =
            from === null ? null : filesCheckpoint.parse(from);
          const delivered = inbox.findIndex(({ name }) => name === checkpoint?.after.name);
          // A reading that was broken off lists its files again, as one of all files does.
          yield* checkpoint?.isDone === true ? inbox.slice(delivered + 1) : inbox;
        },
      },
    }),
    stream: { name: 'files', primaryKey: [], cursorField: null, columns: null },
    identify: ({ name, sha256 }) => `${name} ${sha256}`,
    expected: Object.entries(contents).map(([name, text]) => identityOf(name, text)),
    add: async () => {
      for (const [name, text] of Object.entries(added)) inbox.push(landedFile(name, text));
      return Object.entries(added).map(([name, text]) => identityOf(name, text));
    },
    cannotBe: ownBucket,
    refusals: [],
  };
}
