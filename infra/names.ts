/**
 * Physical names that must be known without a reference to the resource: in the state machine's template,
 * in environments and policies that would otherwise form a cycle, and to people.
 */
export interface Names {
  /** `headgate-<stage>`. */
  readonly prefix: string;
  readonly stateMachine: string;
  /** Followed by the connector's name. */
  readonly ingestFunctionPrefix: string;
  readonly scheduleGroup: string;
  /** Secrets of sources: `headgate/<stage>/`, the tenant follows. */
  readonly secretPrefix: string;
  /** Outside of `secretPrefix`, so that no role that reads sources' secrets reads it. */
  readonly adminTokenSecret: string;
  readonly glueDatabase: string;
  /** Secrets of webhooks; the tenant follows. Outside of `secretPrefix`, so that no source can name one. */
  readonly notifySecretPrefix: string;
  /** `source` of this stage's events on the account's bus. */
  readonly eventSource: string;
}

export function namesOf(stage: string): Names {
  const prefix = `headgate-${stage}`;
  return {
    prefix,
    stateMachine: `${prefix}-ingest`,
    ingestFunctionPrefix: `${prefix}-ingest-`,
    scheduleGroup: prefix,
    secretPrefix: `headgate/${stage}/`,
    adminTokenSecret: `headgate-admin/${stage}/token`,
    glueDatabase: prefix.replaceAll('-', '_'),
    notifySecretPrefix: `headgate-notify/${stage}/`,
    eventSource: `headgate.${stage}`,
  };
}
