import * as z from 'zod';
import { checkScope } from './authenticate.ts';
import { S3Error } from './s3Error.ts';
import { parseAmzDate, sameSignature, sign } from './signature.ts';

/** Fields of a POST form before the file; names in lower case. */
export type FormFields = ReadonlyMap<string, string>;

export interface SizeLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
}

const amount = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const policyDocument = z.object({
  expiration: z.iso.datetime({ offset: true }),
  conditions: z.array(
    z.union([
      z.tuple([z.literal('content-length-range'), amount, amount]),
      z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), z.string()]),
      z.record(z.string(), z.union([z.string(), z.number()]).transform(String)),
    ]),
  ),
});

/** Fields no condition has to cover. Source: "Creating a POST policy", "Conditions". */
const uncovered = new Set(['policy', 'x-amz-signature', 'file', 'bucket']);

const refused = (why: string): S3Error =>
  new S3Error('AccessDenied', `Invalid according to Policy: ${why}`);

function parsePolicy(base64: string): z.infer<typeof policyDocument> {
  try {
    return policyDocument.parse(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));
  } catch {
    throw new S3Error(
      'InvalidPolicyDocument',
      'The content of the form does not meet the conditions specified in the policy document.',
    );
  }
}

function checkSignature(fields: FormFields, policy: string): void {
  if (fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256')
    throw new S3Error('InvalidArgument', 'Only AWS4-HMAC-SHA256 is supported');
  const scope = checkScope(fields.get('x-amz-credential') ?? '');
  if (Number.isNaN(parseAmzDate(fields.get('x-amz-date'))))
    throw new S3Error('InvalidArgument', 'x-amz-date is missing or malformed');
  if (!sameSignature(sign(scope, policy), fields.get('x-amz-signature') ?? ''))
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
}

/**
 * Checks a POST form against its signed policy: signature, time, every condition, and that every field is
 * covered by one. Conditions see the fields after `${filename}` was filled in.
 *
 * @throws S3Error AccessDenied (expired, condition failed, extra field), SignatureDoesNotMatch, …
 */
export function checkPolicy(
  fields: FormFields,
  bucket: string,
  key: string,
  now: Date,
): SizeLimits {
  const base64 = fields.get('policy');
  if (base64 === undefined) throw new S3Error('AccessDenied', 'Access Denied');
  checkSignature(fields, base64);
  const policy = parsePolicy(base64);
  if (Date.parse(policy.expiration) <= now.getTime()) throw refused('Policy expired.');
  const fieldOf = (name: string): string =>
    name === 'bucket' ? bucket : name === 'key' ? key : (fields.get(name) ?? '');
  const covered = new Set(uncovered);
  let limits: SizeLimits = { minBytes: 0, maxBytes: Number.POSITIVE_INFINITY };
  const compare = (operator: 'eq' | 'starts-with', field: string, expected: string): void => {
    const name = field.toLowerCase();
    covered.add(name);
    const value = fieldOf(name);
    const holds = operator === 'eq' ? value === expected : startsWith(name, value, expected);
    if (!holds)
      throw refused(`Policy Condition failed: ["${operator}", "$${field}", "${expected}"]`);
  };
  for (const condition of policy.conditions) {
    if (!Array.isArray(condition))
      for (const [name, expected] of Object.entries(condition)) compare('eq', name, expected);
    else if (condition[0] === 'content-length-range')
      limits = { minBytes: condition[1], maxBytes: condition[2] };
    else compare(condition[0], condition[1].slice(1), condition[2]);
  }
  for (const name of fields.keys())
    if (!covered.has(name) && !name.startsWith('x-ignore-'))
      throw refused(`Extra input fields: ${name}`);
  return limits;
}

/** A list of content types is checked one by one. */
const startsWith = (name: string, value: string, prefix: string): boolean =>
  name === 'content-type'
    ? value.split(',').every((type) => type.trim().startsWith(prefix))
    : value.startsWith(prefix);
