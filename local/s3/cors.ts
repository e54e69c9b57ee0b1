import {
  type Bucket,
  type CorsRule,
  changeSettings,
  findBucket,
  requireBucket,
} from './buckets.ts';
import { childrenOf, readXml, textOf } from './readXml.ts';
import { readDocument } from './requestBody.ts';
import type { Operation, S3Answer } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import { writeXml } from './writeXml.ts';

const methods = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

function fitsPattern(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}

const fitsHeader = (rule: CorsRule, name: string): boolean =>
  (rule.allowedHeaders ?? []).some((pattern) => fitsPattern(pattern.toLowerCase(), name));

/** The first rule that fits, as S3 picks it. */
const ruleFor = (
  bucket: Bucket,
  origin: string,
  method: string,
  headers: readonly string[],
): CorsRule | undefined =>
  bucket.settings.cors?.find(
    (rule) =>
      rule.allowedMethods.includes(method) &&
      rule.allowedOrigins.some((pattern) => fitsPattern(pattern, origin)) &&
      headers.every((name) => fitsHeader(rule, name)),
  );

const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

function originHeaders(rule: CorsRule, origin: string): Record<string, string | undefined> {
  const anyone = rule.allowedOrigins.includes('*');
  return {
    'access-control-allow-origin': anyone ? '*' : origin,
    'access-control-allow-credentials': anyone ? undefined : 'true',
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    'access-control-expose-headers': rule.exposedHeaders?.join(', ') || undefined,
    'access-control-max-age':
      rule.maxAgeSeconds === undefined ? undefined : String(rule.maxAgeSeconds),
    vary,
  };
}

/** Headers for the answer to a request that carries an Origin; none when no rule fits. */
export function corsHeaders(
  store: S3Store,
  request: S3Request,
): Record<string, string | undefined> {
  const { origin } = request.headers;
  if (origin === undefined) return {};
  const bucket = findBucket(store.index, request.bucket);
  const rule = bucket === null ? undefined : ruleFor(bucket, origin, request.method, []);
  return rule === undefined ? {} : originHeaders(rule, origin);
}

/** Answers OPTIONS, which no browser signs. @throws S3Error InvalidRequest, NoSuchBucket, AccessForbidden */
export function answerPreflight(store: S3Store, request: S3Request): S3Answer {
  const { origin } = request.headers;
  const method = request.headers['access-control-request-method'];
  if (origin === undefined || method === undefined)
    throw new S3Error('InvalidRequest', 'Insufficient information. Origin request header needed.');
  const bucket = requireBucket(store.index, request.bucket);
  const asked = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (bucket.settings.cors === undefined)
    throw new S3Error('AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.', {
      elements: { Method: method, ResourceType: 'BUCKET' },
    });
  const rule = ruleFor(bucket, origin, method, asked);
  if (rule === undefined)
    throw new S3Error(
      'AccessForbidden',
      'CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource’s CORS spec.',
      { elements: { Method: method, ResourceType: request.key === '' ? 'BUCKET' : 'OBJECT' } },
    );
  return {
    status: 200,
    headers: {
      ...originHeaders(rule, origin),
      'access-control-allow-headers': asked.length > 0 ? asked.join(', ') : undefined,
    },
  };
}

const oneStar = (pattern: string): boolean => pattern.split('*').length <= 2;

export const putBucketCors: Operation = async ({ index }, { request, signed }) => {
  requireBucket(index, request.bucket);
  const document = readXml(await readDocument(request, signed), 'CORSConfiguration');
  const elements = childrenOf(document, 'CORSRule');
  if (elements.length === 0 || elements.length > 100)
    throw new S3Error('MalformedXML', 'A CORS configuration has 1 to 100 rules');
  const rules = elements.map((element): CorsRule => {
    const texts = (name: string): readonly string[] =>
      childrenOf(element, name).map(({ text }) => text.trim());
    const maxAge = textOf(element, 'MaxAgeSeconds');
    const id = textOf(element, 'ID');
    const rule = {
      allowedOrigins: texts('AllowedOrigin'),
      allowedMethods: texts('AllowedMethod'),
      allowedHeaders: texts('AllowedHeader'),
      exposedHeaders: texts('ExposeHeader'),
      ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
      ...(id === undefined ? {} : { id }),
    };
    const wrong = rule.allowedMethods.find((method) => !methods.includes(method));
    if (wrong !== undefined)
      throw new S3Error(
        'InvalidRequest',
        `Found unsupported HTTP method in CORS config. Unsupported method is ${wrong}`,
      );
    if (rule.allowedOrigins.length === 0 || rule.allowedMethods.length === 0)
      throw new S3Error('MalformedXML', 'A CORS rule needs an AllowedOrigin and an AllowedMethod');
    if (![...rule.allowedOrigins, ...rule.allowedHeaders].every(oneStar))
      throw new S3Error('InvalidRequest', 'A CORS pattern can not have more than one wildcard.');
    return rule;
  });
  changeSettings(index, request.bucket, { cors: rules });
  return { status: 200 };
};

export const getBucketCors: Operation = ({ index }, { request }) => {
  const { cors } = requireBucket(index, request.bucket).settings;
  if (cors === undefined)
    throw new S3Error('NoSuchCORSConfiguration', 'The CORS configuration does not exist', {
      elements: { BucketName: request.bucket },
    });
  return {
    status: 200,
    xml: writeXml('CORSConfiguration', {
      CORSRule: cors.map((rule) => ({
        ID: rule.id,
        AllowedOrigin: rule.allowedOrigins,
        AllowedMethod: rule.allowedMethods,
        AllowedHeader: rule.allowedHeaders,
        ExposeHeader: rule.exposedHeaders,
        MaxAgeSeconds: rule.maxAgeSeconds,
      })),
    }),
  };
};

export const deleteBucketCors: Operation = ({ index }, { request }) => {
  requireBucket(index, request.bucket);
  changeSettings(index, request.bucket, { cors: undefined });
  return { status: 204 };
};
