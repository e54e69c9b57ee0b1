import type { ConnectorName } from '../connectors/registry.ts';

export interface ConnectorTraits {
  /** Reads what landed in Headgate's own bucket; needs no secret. */
  readonly landing: boolean;
  /** Talks to a database, which may lie in a private network. */
  readonly database: boolean;
}

const traits: Readonly<Record<ConnectorName, ConnectorTraits>> = {
  csv_upload: { landing: true, database: false },
  local_files: { landing: true, database: false },
  postgres: { landing: false, database: true },
};

/** What the infrastructure has to know of a connector. */
export const connectorTraits = (name: ConnectorName): ConnectorTraits => traits[name];
