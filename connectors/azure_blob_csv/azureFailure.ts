import type { FileRef } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { AzureConfig } from './azureConfig.ts';

const forbidden =
  /^(Authorization.*|InsufficientAccountPermissions|PublicAccessNotPermitted|AccountIsDisabled|KeyBasedAuthenticationNotPermitted)$/;

/** What a refusal of Azure is called. Source: "Blob Storage error codes", Microsoft Learn. */
export async function azureFailure(
  response: Response,
  { container }: AzureConfig,
  file?: FileRef,
): Promise<HeadgateError> {
  const text = (await response.text().catch(() => '')).slice(0, 10_000);
  const code =
    response.headers.get('x-ms-error-code') ??
    /<Code>(\w+)<\/Code>/.exec(text)?.[1] ??
    String(response.status);
  const facts = { container, azure: code, ...(file === undefined ? {} : { file: file.name }) };
  const failure = (name: HeadgateError['code'], message: string): HeadgateError =>
    new HeadgateError(name, message, { facts });
  if (file !== undefined) {
    if (code === 'ConditionNotMet' || code === 'BlobNotFound' || code === '412' || code === '404')
      return failure('file_changed', `${file.name} changed since it was listed.`);
    if (code === 'BlobArchived' || code === 'BlobBeingRehydrated')
      return failure(
        'file_unreadable',
        `${file.name} is archived. Rehydrate it in Azure, or leave it out by the pattern.`,
      );
  }
  if (
    /^(AuthenticationFailed|InvalidAuthenticationInfo|NoAuthenticationInformation|401)$/.test(code)
  )
    return failure(
      'invalid_credentials',
      /Signed (expiry|start)|Signature not valid in the specified time/i.test(text)
        ? 'The shared access signature is not valid at this time. Make a new one.'
        : 'Azure refused the credentials. Check that key or signature are those of this account.',
    );
  if (forbidden.test(code) || code === '403')
    return failure(
      'source_forbidden',
      `Azure does not permit this (${code}). Signatures need read and list on ${container}, apps the role Storage Blob Data Reader; the account’s firewall may be in the way, too.`,
    );
  if (/^(ContainerNotFound|ResourceNotFound|ContainerBeingDeleted|404)$/.test(code))
    return failure('source_not_found', `There is no container ${container} in the account.`);
  if (response.status === 400)
    return failure(
      'invalid_config',
      `Azure did not accept the request (${code}). Check the names.`,
    );
  return failure('source_answer_invalid', `Azure answered ${code}, which Headgate does not know.`);
}
