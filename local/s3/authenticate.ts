import { localAccount } from '../localService.ts';
import { S3Error } from './s3Error.ts';
import { rfc3986, type S3Request } from './s3Request.ts';
import {
  type CredentialScope,
  parseAmzDate,
  parseCredential,
  sameSignature,
  scopeOf,
  sha256Hex,
  sign,
} from './signature.ts';

/** What the signature says about the body; needed to check signed chunks. */
export interface Authenticated {
  readonly scope: CredentialScope;
  readonly amzDate: string;
  readonly signature: string;
  /** `x-amz-content-sha256`: a digest, `UNSIGNED-PAYLOAD` or one of `STREAMING-…`. */
  readonly payload: string;
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly amzDate: string;
  readonly payload: string;
}

const allowedSkewMilliseconds = 15 * 60_000;
const longestExpirySeconds = 7 * 86_400;

function claimOfHeader(request: S3Request): Claim {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new S3Error('AccessDenied', 'Access Denied');
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const [, credential, signed, signature] = match ?? [];
  if (!credential || !signed || !signature)
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed');
  const payload = request.headers['x-amz-content-sha256'];
  if (payload === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header: x-amz-content-sha256');
  const amzDate = request.headers['x-amz-date'] ?? '';
  return { credential, signedHeaders: signed.split(';'), signature, amzDate, payload };
}

function claimOfQuery(request: S3Request): Claim {
  const parameter = (name: string): string => {
    const value = request.query.get(name);
    if (value === undefined)
      throw new S3Error(
        'AuthorizationQueryParametersError',
        `Query-string authentication requires ${name}`,
      );
    return value;
  };
  if (parameter('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256')
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
    );
  return {
    credential: parameter('X-Amz-Credential'),
    signedHeaders: parameter('X-Amz-SignedHeaders').split(';'),
    signature: parameter('X-Amz-Signature'),
    amzDate: parameter('X-Amz-Date'),
    payload: request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
  };
}

function checkTime(request: S3Request, amzDate: string, presigned: boolean, now: number): void {
  const signedAt = parseAmzDate(amzDate);
  if (Number.isNaN(signedAt))
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date');
  if (!presigned) {
    if (Math.abs(now - signedAt) > allowedSkewMilliseconds)
      throw new S3Error(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      );
    return;
  }
  const expires = Number(request.query.get('X-Amz-Expires') ?? Number.NaN);
  if (!Number.isInteger(expires) || expires < 0 || expires > longestExpirySeconds)
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'X-Amz-Expires must be a number of seconds from 0 to 604800',
    );
  if (now < signedAt - allowedSkewMilliseconds)
    throw new S3Error('AccessDenied', 'Request is not yet valid');
  if (now > signedAt + expires * 1000)
    throw new S3Error('AccessDenied', 'Request has expired', {
      elements: {
        'X-Amz-Expires': expires,
        Expires: new Date(signedAt + expires * 1000).toISOString(),
      },
    });
}

/** @throws S3Error when the access key is not ours, or its region or service is not this one. */
export function checkScope(credential: string): CredentialScope {
  const scope = parseCredential(credential);
  if (scope === null)
    throw new S3Error('AuthorizationHeaderMalformed', 'The credential is malformed');
  if (scope.accessKeyId !== localAccount.accessKeyId)
    throw new S3Error(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  if (scope.region !== localAccount.region || scope.service !== 's3')
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The credential is for '${scope.region}/${scope.service}'; expecting '${localAccount.region}/s3'`,
      { elements: { Region: localAccount.region } },
    );
  return scope;
}

/** Headers that change what a request does MUST be signed, or a URL could be used for more than it was given for. */
function checkHeadersSigned(request: S3Request, signed: readonly string[]): void {
  const missing = Object.keys(request.incoming.headers).filter(
    (name) =>
      (name.startsWith('x-amz-') || name === 'host') &&
      name !== 'x-amz-content-sha256' &&
      !signed.includes(name),
  );
  if (missing.length > 0)
    throw new S3Error(
      'AccessDenied',
      'There were headers present in the request which were not signed',
      {
        elements: { HeadersNotSigned: missing.join(', ') },
      },
    );
}

function canonicalRequest(request: S3Request, claim: Claim): string {
  const byBytes = (left: string, right: string): number =>
    left < right ? -1 : left > right ? 1 : 0;
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [rfc3986(name), rfc3986(value)] as const)
    .toSorted((a, b) => byBytes(a[0], b[0]) || byBytes(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&');
  const path = request.path
    .split('/')
    .map((segment) => rfc3986(decodeURIComponent(segment)))
    .join('/');
  const headers = claim.signedHeaders.map((name) => {
    const value = request.incoming.headers[name];
    const text = Array.isArray(value) ? value.join(',') : (value ?? '');
    return `${name}:${text.trim().replaceAll(/ +/g, ' ')}`;
  });
  return [
    request.method,
    path,
    query,
    ...headers,
    '',
    claim.signedHeaders.join(';'),
    claim.payload,
  ].join('\n');
}

/**
 * Checks Signature Version 4, in the Authorization header or in a presigned URL.
 *
 * @throws S3Error AccessDenied (nothing signed, expired), SignatureDoesNotMatch, InvalidAccessKeyId, …
 */
export function authenticate(request: S3Request, now: Date): Authenticated {
  const presigned = request.query.has('X-Amz-Signature');
  const claim = presigned ? claimOfQuery(request) : claimOfHeader(request);
  const scope = checkScope(claim.credential);
  checkTime(request, claim.amzDate, presigned, now.getTime());
  if (!claim.amzDate.startsWith(scope.date))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The date of the credential differs from the date of the request',
    );
  const canonical = canonicalRequest(request, claim);
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    claim.amzDate,
    scopeOf(scope),
    sha256Hex(canonical),
  ].join('\n');
  if (!sameSignature(sign(scope, stringToSign), claim.signature))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      { elements: { StringToSign: stringToSign, CanonicalRequest: canonical } },
    );
  checkHeadersSigned(request, claim.signedHeaders);
  return { scope, amzDate: claim.amzDate, signature: claim.signature, payload: claim.payload };
}
