import { HeadgateError } from '../../shared/errors.ts';
import type { SftpConfig } from './sftpConfig.ts';

/** Status codes of SFTP version 3. Source: draft-ietf-secsh-filexfer-02, section 7. */
export const noSuchFile = 2;
export const permissionDenied = 3;

const textOf = (error: unknown, name: 'level' | 'code'): unknown =>
  error instanceof Error && name in error
    ? (error as unknown as Record<string, unknown>)[name]
    : undefined;

/** The number the server gave, where the error is an answer of it. */
export const statusOf = (error: unknown): number | null => {
  const code = textOf(error, 'code');
  return typeof code === 'number' ? code : null;
};

/** What a connection that did not come about is called. `seen`: the fingerprint of a key that was not the expected one. */
export function connectionFailure(
  error: unknown,
  { host, port, hostKeyFingerprint }: SftpConfig,
  seen: string | null,
): HeadgateError {
  if (error instanceof HeadgateError) return error;
  const where = `${host}:${port}`;
  const options = { cause: error, facts: { host, port } };
  if (seen !== null)
    return new HeadgateError(
      'invalid_config',
      `${where} shows the key ${seen}, not ${hostKeyFingerprint}. Ask its operator which is right: either the server changed, or somebody is in between.`,
      options,
    );
  const message = error instanceof Error ? error.message : '';
  if (textOf(error, 'level') === 'client-authentication')
    return new HeadgateError(
      'invalid_credentials',
      `${where} refused the user. Check user name, password or key, and that the server takes this way to sign in.`,
      options,
    );
  // Its message names formats, never the key.
  if (/privateKey|passphrase/i.test(message))
    return new HeadgateError(
      'invalid_credentials',
      /passphrase|bad decrypt|integrity/i.test(message)
        ? 'The private key cannot be opened with this passphrase.'
        : 'The private key is in no form that can be read: use what OpenSSH writes, or PEM.',
      options,
    );
  if (/no matching/i.test(message))
    return new HeadgateError(
      'invalid_config',
      `${where} only speaks algorithms that are no longer considered safe. Allow old algorithms to take them all the same.`,
      options,
    );
  if (/subsystem/i.test(message))
    return new HeadgateError(
      'source_forbidden',
      `${where} lets the user in, but not use SFTP. Ask its operator to allow it.`,
      options,
    );
  return new HeadgateError(
    'source_unreachable',
    `${where} did not answer as an SSH server. Check host and port, and that a firewall lets Headgate through.`,
    options,
  );
}

/** What an operation that failed is called. */
export function operationFailure(error: unknown, config: SftpConfig, path: string): HeadgateError {
  if (error instanceof HeadgateError) return error;
  const options = { cause: error, facts: { host: config.host, path } };
  switch (statusOf(error)) {
    case noSuchFile:
      return new HeadgateError(
        'source_not_found',
        `There is no ${path} on ${config.host}. Check the folder.`,
        options,
      );
    case permissionDenied:
      return new HeadgateError(
        'source_forbidden',
        `The user may not read ${path} on ${config.host}. Ask its operator for permission.`,
        options,
      );
    default:
      return new HeadgateError(
        'source_unreachable',
        `${config.host} broke off while ${path} was read.`,
        options,
      );
  }
}
