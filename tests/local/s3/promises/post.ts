import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { expect } from 'vitest';
import {
  type PlainAnswer,
  plain,
  refusalOf,
  type S3Promise,
  type S3UnderTest,
} from './s3UnderTest.ts';

interface Sending {
  readonly fields?: Readonly<Record<string, string>>;
  readonly change?: (fields: Record<string, string>) => void;
  readonly file?: string;
  readonly filename?: string;
}

/** A form as a browser would post it. */
async function post(
  { client }: S3UnderTest,
  options: Omit<PresignedPostOptions, 'Fields'>,
  { fields = {}, change, file = 'the file', filename = 'orders.csv' }: Sending = {},
): Promise<PlainAnswer> {
  const presigned = await createPresignedPost(client, {
    Expires: 60,
    ...options,
    Fields: { ...fields },
  });
  change?.(presigned.fields);
  const form = new FormData();
  for (const [name, value] of Object.entries(presigned.fields)) form.set(name, value);
  form.set('file', new Blob([file], { type: 'text/csv' }), filename);
  return await plain(presigned.url, { method: 'POST', body: form });
}

export const postPromises: readonly S3Promise[] = [
  {
    title: 'a browser form stores its file under the signed key',
    keep: async (s3) => {
      const Bucket = await s3.newBucket({ versioned: true });
      const answer = await post(
        s3,
        {
          Bucket,
          Key: 'uploads/1',
          Conditions: [['starts-with', '$Content-Type', 'text/']],
        },
        { fields: { 'Content-Type': 'text/csv', 'x-amz-meta-a': '1' } },
      );
      expect([answer.status, answer.code]).toEqual([204, undefined]);
      const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'uploads/1' }));
      expect(got).toMatchObject({ ContentType: 'text/csv', Metadata: { a: '1' } });
      expect(await got.Body?.transformToString()).toBe('the file');
      expect(answer.headers.get('etag')).toBe(got.ETag);
      expect(answer.headers.get('x-amz-version-id')).toBe(got.VersionId);
    },
  },
  {
    title: 'success_action_status chooses the answer, 201 with a document',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      for (const status of ['200', '201', '204']) {
        const answer = await post(
          s3,
          { Bucket, Key: 'key' },
          { fields: { success_action_status: status } },
        );
        expect(answer.status).toBe(Number(status));
        if (status === '201') expect(answer.text).toContain('<Key>key</Key>');
      }
    },
  },
  {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
    title: 'the file name takes the place of ${filename}',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
      const Key = 'in/${filename}';
      const answer = await post(s3, { Bucket, Key }, { filename: 'bücher $& 1.csv' });
      expect([answer.status, answer.code]).toEqual([204, undefined]);
      await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'in/bücher $& 1.csv' }));
    },
  },
  {
    title: 'a file above or below the signed size is refused and leaves nothing',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const limited = {
        Bucket,
        Key: 'key',
        Conditions: [['content-length-range', 5, 10] as ['content-length-range', number, number]],
      };
      for (const [file, code] of [
        ['x'.repeat(11), 'EntityTooLarge'],
        ['x'.repeat(3_000_000), 'EntityTooLarge'],
        ['x'.repeat(4), 'EntityTooSmall'],
      ] as const) {
        const answer = await post(s3, limited, { file });
        expect([answer.status, answer.code]).toEqual([400, code]);
        expect(
          (await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'key' })))).status,
        ).toBe(404);
      }
      for (const file of ['x'.repeat(5), 'x'.repeat(10)])
        expect((await post(s3, limited, { file })).status).toBe(204);
    },
  },
  {
    title: 'every condition of the policy must hold',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const other = await s3.newBucket();
      const Conditions: PresignedPostOptions['Conditions'] = [
        ['starts-with', '$Content-Type', 'text/'],
        ['eq', '$x-amz-meta-source', 's1'],
      ];
      const fields = { 'Content-Type': 'text/csv', 'x-amz-meta-source': 's1' };
      expect((await post(s3, { Bucket, Key: 'a/b', Conditions }, { fields })).status).toBe(204);
      const wrong: readonly ((fields: Record<string, string>) => void)[] = [
        (form) => Object.assign(form, { key: 'a/c' }),
        (form) => Object.assign(form, { 'Content-Type': 'image/png' }),
        (form) => Object.assign(form, { 'x-amz-meta-source': 's2' }),
        (form) => Reflect.deleteProperty(form, 'x-amz-meta-source'),
      ];
      for (const change of wrong) {
        const answer = await post(s3, { Bucket, Key: 'a/b', Conditions }, { fields, change });
        expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
        expect(answer.text).toContain('Policy Condition failed');
      }
      const presigned = await createPresignedPost(s3.client, { Bucket, Key: 'a/b' });
      const form = new FormData();
      for (const [name, value] of Object.entries(presigned.fields)) form.set(name, value);
      form.set('file', new Blob(['x']), 'x');
      const elsewhere = await plain(presigned.url.replace(Bucket, other), {
        method: 'POST',
        body: form,
      });
      expect([elsewhere.status, elsewhere.code]).toEqual([403, 'AccessDenied']);
    },
  },
  {
    title: 'a field no condition covers is refused',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const change = (fields: Record<string, string>): void => {
        fields['x-amz-meta-extra'] = '1';
      };
      const answer = await post(s3, { Bucket, Key: 'key' }, { change });
      expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
      expect(answer.text).toContain('Extra input fields');
    },
  },
  {
    title: 'an expired policy is refused',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const answer = await post(s3, { Bucket, Key: 'key', Expires: -60 });
      expect([answer.status, answer.code]).toEqual([403, 'AccessDenied']);
      expect(answer.text).toContain('Policy expired');
    },
  },
  {
    title: 'a tampered policy, signature or key id is refused',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const widened = Buffer.from(
        JSON.stringify({ expiration: '2099-01-01T00:00:00Z', conditions: [{ bucket: Bucket }] }),
      ).toString('base64');
      for (const [field, value, code] of [
        ['Policy', widened, 'SignatureDoesNotMatch'],
        ['X-Amz-Signature', '0'.repeat(64), 'SignatureDoesNotMatch'],
        ['X-Amz-Credential', 'nobody/20260101/us-east-1/s3/aws4_request', 'InvalidAccessKeyId'],
      ] as const) {
        const change = (fields: Record<string, string>): void => {
          fields[field] = value;
        };
        const answer = await post(s3, { Bucket, Key: 'key' }, { change });
        expect([field, answer.status, answer.code]).toEqual([field, 403, code]);
      }
    },
  },
  {
    title: 'a form without a file, a policy or a key is refused',
    keep: async (s3) => {
      const Bucket = await s3.newBucket();
      const url = `${s3.endpoint}/${Bucket}`;
      const anonymous = new FormData();
      anonymous.set('key', 'key');
      anonymous.set('file', new Blob(['x']), 'x');
      expect((await plain(url, { method: 'POST', body: anonymous })).status).toBe(403);
      const { fields } = await createPresignedPost(s3.client, { Bucket, Key: 'key' });
      const fileless = new FormData();
      for (const [name, value] of Object.entries(fields)) fileless.set(name, value);
      const answer = await plain(url, { method: 'POST', body: fileless });
      expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument']);
    },
  },
];
