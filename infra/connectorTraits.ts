import { type ConnectorName, connectors } from '../connectors/registry.ts';

export interface ConnectorTraits {
  /** Reads what landed in Headgate's own bucket; needs no secret. */
  readonly landing: boolean;
  /** Talks to a database, which may lie in a private network. */
  readonly database: boolean;
}

/** What the infrastructure has to know of a connector, by its own description. */
export function connectorTraits(name: ConnectorName): ConnectorTraits {
  const connector = connectors.find((candidate) => candidate.name === name);
  if (connector === undefined) throw new Error(`there is no connector ${name}`);
  return {
    landing: connector.landing,
    database: connector.labels.includes('database') || connector.labels.includes('warehouse'),
  };
}
