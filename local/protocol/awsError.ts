/**
 * A failure as an AWS service reports it. SDK clients turn `type` into the name of the exception they throw.
 * `extra` is merged into the answer's body, e.g. `CancellationReasons`.
 */
export class AwsError extends Error {
  readonly type: string;
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    type: string,
    message: string,
    options: {
      readonly status?: number;
      readonly extra?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = type;
    this.type = type;
    this.status = options.status ?? 400;
    this.extra = options.extra ?? {};
    this.headers = options.headers ?? {};
  }
}
