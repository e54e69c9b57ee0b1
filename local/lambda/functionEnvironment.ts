import { localAccount } from '../localService.ts';
import type { FunctionSettings } from './functionSettings.ts';

export interface SandboxIdentity {
  readonly logStreamName: string;
  /** Absolute; the sandbox's own, as `/tmp` is on Lambda. */
  readonly temporaryFolder: string;
  /** Where AWS SDK clients send everything. */
  readonly endpointUrl: string;
  /** Where clients reach the API, `http://…`; empty until it listens. */
  readonly apiUrl: string;
}

export const logGroupOf = (functionName: string): string => `/aws/lambda/${functionName}`;

/**
 * The whole environment of a sandbox: what Lambda sets itself and what the function was given, which wins.
 * Of the parent's environment only PATH's usual folders are there, because functions call programs.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export const functionEnvironment = (
  settings: FunctionSettings,
  identity: SandboxIdentity,
): Readonly<Record<string, string>> => ({
  _HANDLER: settings.handler,
  AWS_ACCESS_KEY_ID: localAccount.accessKeyId,
  AWS_SECRET_ACCESS_KEY: localAccount.secretAccessKey,
  AWS_DEFAULT_REGION: localAccount.region,
  AWS_REGION: localAccount.region,
  AWS_ENDPOINT_URL: identity.endpointUrl,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMegabytes),
  AWS_LAMBDA_FUNCTION_NAME: settings.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(settings.name),
  AWS_LAMBDA_LOG_STREAM_NAME: identity.logStreamName,
  LAMBDA_TASK_ROOT: settings.codeFolder,
  LANG: 'en_US.UTF-8',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TMPDIR: identity.temporaryFolder,
  TZ: 'UTC',
  ...Object.fromEntries(
    Object.entries(settings.environment).map(([name, value]) => [name, here(value, identity)]),
  ),
});

/** API Gateway's own hosts, which are ports of this machine here. */
const gatewayHost = /^(https|wss):\/\/[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com/;

/** Stands in templates for the development issuer, which the AWS endpoint serves below `/oidc`. */
export const developmentIssuer = 'https://issuer.headgate.invalid';

const here = (value: string, { endpointUrl, apiUrl }: SandboxIdentity): string =>
  value
    .replaceAll(developmentIssuer, `${endpointUrl}/oidc`)
    .replace(gatewayHost, (_, scheme: string) =>
      scheme === 'wss' ? apiUrl.replace(/^http/, 'ws') : endpointUrl,
    );
