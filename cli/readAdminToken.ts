import { type ExitCode, exitCodes } from './exitCodes.ts';
import { CliError } from './terminal.ts';

const instead = 'Give the token itself with --token or --token-stdin.';

/**
 * The first admin token, from Secrets Manager with the user's own AWS credentials: environment, profile, SSO, as
 * for any AWS tool. Its region is that of the API's address if that names one, else the user's.
 *
 * @throws CliError that says in one line what is in the way, and what to do without AWS
 */
export async function readAdminToken(
  secret: string,
  apiUrl: string,
  signal: AbortSignal,
): Promise<string> {
  // Loaded here, so that no other command waits for it.
  const { GetSecretValueCommand, SecretsManagerClient } = await import(
    '@aws-sdk/client-secrets-manager'
  );
  const region = regionOf(apiUrl);
  const client = new SecretsManagerClient(region === null ? {} : { region });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret }), {
      abortSignal: signal,
    });
    const token = SecretString?.trim() ?? '';
    if (token !== '') return token;
  } catch (error) {
    if (signal.aborted) throw error;
    const { exitCode, reason } = explain(error);
    throw new CliError(exitCode, `The secret ${secret} cannot be read: ${reason}. ${instead}`, {
      cause: error,
    });
  } finally {
    client.destroy();
  }
  throw new CliError(exitCodes.notFound, `The secret ${secret} holds no text. ${instead}`);
}

/** Of `https://<id>.execute-api.<region>.amazonaws.com`; null for any other address. */
const regionOf = (apiUrl: string): string | null =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(
    URL.canParse(apiUrl) ? new URL(apiUrl).hostname : '',
  )?.[1] ?? null;

function explain(error: unknown): { readonly exitCode: ExitCode; readonly reason: string } {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const [line = ''] = message.split('\n');
  const said = line.replace(/\.$/, '');
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name))
    return { exitCode: exitCodes.refused, reason: `no AWS credentials (${said})` };
  if (message.includes('Region is missing'))
    return { exitCode: exitCodes.refused, reason: 'no AWS region; set AWS_REGION or a profile' };
  if (name === 'ResourceNotFoundException')
    return {
      exitCode: exitCodes.notFound,
      reason: 'it is not in the account and region of your AWS credentials',
    };
  // AccessDenied, ExpiredToken, UnrecognizedClient, InvalidSignature, and whatever else AWS answers with a 4xx.
  const status = statusOf(error);
  if (status !== null && status >= 400 && status < 500 && status !== 429)
    return { exitCode: exitCodes.refused, reason: `AWS refused (${name}: ${said})` };
  return { exitCode: exitCodes.unavailable, reason: `AWS did not answer (${name}: ${said})` };
}

function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null;
  const { httpStatusCode } = error.$metadata as { readonly httpStatusCode?: number };
  return httpStatusCode ?? null;
}
