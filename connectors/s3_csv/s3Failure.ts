import type { FileRef } from '../../shared/connectors/connector.ts';
import { ParkUntil } from '../../shared/connectors/connector.ts';
import { type ErrorCode, HeadgateError } from '../../shared/errors.ts';
import type { S3Config } from './s3Config.ts';

/** Error codes of S3, by what they mean. Source: Amazon S3 API Reference, "Error responses". */
const meanings: readonly {
  readonly names: readonly string[];
  readonly code: ErrorCode;
  readonly says: (config: S3Config) => string;
}[] = [
  {
    names: [
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidToken',
      'ExpiredToken',
      'TokenRefreshRequired',
      'AuthFailure',
      'InvalidSecurity',
    ],
    code: 'invalid_credentials',
    says: () => 'S3 refused the keys. Check the access key id and its secret.',
  },
  {
    names: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden', '403'],
    code: 'source_forbidden',
    says: ({ bucket }) =>
      `S3 does not permit this. The keys need s3:ListBucket on the bucket ${bucket}, s3:GetObject on its objects, and kms:Decrypt where they are encrypted.`,
  },
  {
    names: ['NoSuchBucket', 'NotFound', '404'],
    code: 'source_not_found',
    says: ({ bucket }) => `There is no bucket ${bucket}. Check its name and the endpoint.`,
  },
  {
    names: [
      'PermanentRedirect',
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
      '301',
    ],
    code: 'invalid_config',
    says: ({ bucket, region }) => `The bucket ${bucket} is not in ${region}. Set its region.`,
  },
  {
    names: [
      'SlowDown',
      'RequestTimeTooSkewed',
      'RequestTimeout',
      'ServiceUnavailable',
      'InternalError',
    ],
    code: 'source_unreachable',
    says: () => 'S3 cannot answer right now.',
  },
];

/** What an error of the SDK is called here; what was called already stays as it is. */
export function s3Failure(error: unknown, config: S3Config, file?: FileRef): unknown {
  if (error instanceof HeadgateError || error instanceof ParkUntil || !(error instanceof Error))
    return error;
  const { name } = error;
  if (name === 'AbortError') return error;
  const facts = {
    bucket: config.bucket,
    s3: name,
    ...(file === undefined ? {} : { file: file.name }),
  };
  if (file !== undefined) {
    if (name === 'PreconditionFailed' || name === 'NoSuchKey' || name === '412')
      return new HeadgateError('file_changed', `${file.name} changed since it was listed.`, {
        cause: error,
        facts,
      });
    if (name === 'InvalidObjectState')
      return new HeadgateError(
        'file_unreadable',
        `${file.name} is archived (Glacier). Restore it in S3, or leave it out by the pattern.`,
        { cause: error, facts },
      );
  }
  const meaning = meanings.find(({ names }) => names.includes(name));
  if (meaning !== undefined)
    return new HeadgateError(meaning.code, meaning.says(config), { cause: error, facts });
  if (!('$metadata' in error)) return error;
  return new HeadgateError(
    'source_answer_invalid',
    `The service at ${config.endpoint ?? 'Amazon S3'} answered ${name}, which Headgate does not know. Is it a service that speaks S3?`,
    { cause: error, facts },
  );
}
