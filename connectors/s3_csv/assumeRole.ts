import { createHash, createHmac } from 'node:crypto';
import * as z from 'zod';
import type { Context } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { RetryInit } from '../../shared/http/withRetries.ts';

/** Keys of an AWS identity. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

const text = z.string().min(1);
const answered = z.object({ id: text, secret: text, token: text, until: z.coerce.date() });

/**
 * Temporary keys of a role, asked of STS with the function's own. One plain request, signed here, instead of another
 * SDK client in the bundle. Source: AWS STS API, AssumeRole.
 */
export async function assumeRole(
  { fetch, now, signal, log }: Context<unknown, unknown>,
  own: AwsKeys,
  role: { readonly arn: string; readonly externalId: string; readonly region: string },
): Promise<AwsKeys> {
  const [, partition = 'aws'] = role.arn.split(':');
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const region = role.region === 'auto' ? 'us-east-1' : role.region;
  const url = new URL(`https://sts.${region}.${domain}/`);
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: role.arn,
    RoleSessionName: 'headgate',
    ExternalId: role.externalId,
    DurationSeconds: '3600',
  }).toString();
  const init: RetryInit = {
    method: 'POST',
    body,
    headers: signedHeaders(url, body, own, region, now()),
    signal,
    // Asked twice, it hands out two sets of keys, which does no harm.
    retry: { givesRefusals: true, repeatable: true },
  };
  const response = await fetch(url, init);
  const xml = await response.text();
  const of = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (!response.ok) throw refused(of('Code') ?? String(response.status), role.arn);
  const parsed = answered.safeParse({
    id: of('AccessKeyId'),
    secret: of('SecretAccessKey'),
    token: of('SessionToken'),
    until: of('Expiration'),
  });
  if (!parsed.success)
    throw new HeadgateError('source_answer_invalid', 'AWS STS answered without temporary keys.');
  const { id, secret, token, until } = parsed.data;
  log.redact([secret, token]);
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token, expiration: until };
}

const refused = (code: string, arn: string): HeadgateError =>
  code === 'AccessDenied'
    ? new HeadgateError(
        'invalid_credentials',
        `AWS does not let Headgate assume ${arn}. Its trust policy has to name the role of this connector’s function and the external id.`,
      )
    : new HeadgateError('source_unreachable', `AWS STS refused the role with ${code}.`);

const hmac = (key: string | Buffer, value: string): Buffer =>
  createHmac('sha256', key).update(value).digest();
const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

/** Source: AWS IAM User Guide, "Create a signed AWS API request". */
function signedHeaders(
  url: URL,
  body: string,
  keys: AwsKeys,
  region: string,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/sts/aws4_request`;
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-amz-date': time,
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
  };
  const signed = Object.entries({ ...headers, host: url.host }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    'POST',
    '/',
    '',
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<Buffer | string>((left, part) => hmac(left, part), `AWS4${keys.secretAccessKey}`);
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
