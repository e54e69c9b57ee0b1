import type { Connector } from '../shared/connectors/connector.ts';
import postgres from './postgres.ts';

/** The connectors of this release. Each is `connectors/<name>.ts` with the connector as its default export. */
export const connectorNames = ['csv_upload', 'local_files', 'postgres'] as const;
export type ConnectorName = (typeof connectorNames)[number];

/** Every connector's description, in the order of the names. None of them has loaded its driver. */
export const connectors: readonly Connector[] = [postgres];
