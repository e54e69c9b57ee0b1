import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

const keepMilliseconds = 60_000;

/**
 * The bootstrap admin token out of its secret, or null where there is no such secret. Read at most once a minute, so that
 * guessing tokens costs nothing at Secrets Manager.
 */
export function keptBootstrapToken(
  secrets: SecretsManagerClient,
  secretArn: string,
): () => Promise<string | null> {
  let kept: { readonly token: Promise<string | null>; readonly until: number } | null = null;
  return () => {
    if (kept === null || kept.until < Date.now()) {
      const token = secrets.send(new GetSecretValueCommand({ SecretId: secretArn })).then(
        ({ SecretString }) => SecretString?.trim() ?? null,
        (error: unknown) => {
          if (error instanceof ResourceNotFoundException) return null;
          kept = null;
          throw error;
        },
      );
      kept = { token, until: Date.now() + keepMilliseconds };
    }
    return kept.token;
  };
}
