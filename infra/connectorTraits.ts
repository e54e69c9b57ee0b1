import { type ConnectorName, connectors } from '../connectors/registry.ts';

export interface ConnectorTraits {
  /** Reads what landed in Headgate's own bucket; needs no secret. */
  readonly landing: boolean;
  /** Talks to a database, which may lie in a private network. */
  readonly database: boolean;
  /** Units of one run that read it side by side: each of a database's is one more connection of its few. */
  readonly concurrency: number;
}

/** S3 answers as many as ask; a service throttles. */
const concurrencies = { files: 40, database: 4, other: 10 } as const;

/** What the infrastructure has to know of a connector, by its own description. */
export function connectorTraits(name: ConnectorName): ConnectorTraits {
  const connector = connectors.find((candidate) => candidate.name === name);
  if (connector === undefined) throw new Error(`there is no connector ${name}`);
  const { labels, landing } = connector;
  const database = labels.includes('database') || labels.includes('warehouse');
  const kind = database ? 'database' : labels.includes('files') ? 'files' : 'other';
  return { landing, database, concurrency: concurrencies[kind] };
}
