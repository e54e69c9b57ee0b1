/** What the template says of one function. */
export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  /** Absolute; holds the bundle that `handler` names. */
  readonly codeFolder: string;
  /** `<file without extension>.<export>`, e.g. `index.handler`. */
  readonly handler: string;
  /** The function's own variables; nothing of this process's environment is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /**
   * `worker` for plain JavaScript. `process` for functions with native code such as DuckDB: a thread
   * cannot be ended inside a native call, and only a process has a memory of its own that can be limited.
   */
  readonly isolation: 'worker' | 'process';
  /** More simultaneous invocations than this are throttled, as on AWS. Left out: they wait their turn. */
  readonly reservedConcurrency?: number;
  /** Retries of a failed asynchronous invocation; 2 as on AWS when left out. */
  readonly maximumRetryAttempts?: number;
  /** Where an asynchronous invocation ends that failed for good: the event itself goes there. */
  readonly deadLetterArn?: string;
  /** As `deadLetterArn`, but a record with the event, the failure and the attempts goes there. */
  readonly onFailureArn?: string;
}
