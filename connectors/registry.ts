/** The connectors of this release. Each is `connectors/<name>.ts` with the connector as its default export. */
export const connectorNames = ['csv_upload', 'local_files', 'postgres'] as const;
export type ConnectorName = (typeof connectorNames)[number];
