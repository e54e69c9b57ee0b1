import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../shared/errors.ts';
import type { ObjectStore } from '../../../shared/lake/tableChange.ts';
import { readRunLog } from '../../../shared/runs/readRunLog.ts';
import { createRunLog, keepRunLog } from '../../../shared/runs/runLog.ts';

const s3 = mockClient(S3Client);
const objects = new Map<string, string>();
beforeEach(() => {
  objects.clear();
  s3.reset();
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }: { Prefix: string }) => ({
    Contents: [...objects.keys()]
      .filter((key) => key.startsWith(Prefix))
      .sort()
      .map((Key) => ({ Key })),
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => ({
    // The part of the SDK's stream that is used.
    Body: { transformToString: async () => objects.get(Key) ?? '' } as never,
  }));
});

const store = {
  putNew: async (key: string, body: Uint8Array) =>
    void objects.set(key, new TextDecoder().decode(body)),
} as unknown as ObjectStore;
const run = { tenant: 't1', runId: 'r1' };

describe('the log of a run', () => {
  it('is what its functions logged, oldest first, without what stands in every line', async () => {
    const runLog = createRunLog(() => {});
    const log = runLog.log.with({ ...run, sourceId: 's1' });
    log.info('file read', { file: 'a.csv', rows: 3, detected: 'csv, utf-8' });
    log.debug('noise');
    await keepRunLog(store, run, 'ingest', runLog, new Date('2026-03-01T12:00:00Z'));
    log.warn('committed late');
    await keepRunLog(store, run, 'commit', runLog, new Date('2026-03-01T12:00:01Z'));
    const lines = await readRunLog(new S3Client({}), 'lake', 't1', 'r1');
    expect(lines.map(({ at, ...rest }) => rest)).toEqual([
      {
        level: 'info',
        message: 'file read',
        facts: { file: 'a.csv', rows: 3, detected: 'csv, utf-8' },
      },
      { level: 'warn', message: 'committed late' },
    ]);
  });

  it('tells our own errors whole and of others only the name, because they may quote anything', async () => {
    const runLog = createRunLog(() => {});
    runLog.log.error('ingest failed', {
      error: new HeadgateError('source_not_found', 'No table x.'),
    });
    runLog.log.error('ingest failed', { error: new RangeError('value "4711" is out of range') });
    await keepRunLog(store, run, 'ingest', runLog, new Date());
    const lines = await readRunLog(new S3Client({}), 'lake', 't1', 'r1');
    expect(lines.map(({ facts }) => facts?.['error'])).toEqual([
      { code: 'source_not_found', message: 'No table x.' },
      'RangeError',
    ]);
    expect(JSON.stringify(lines)).not.toContain('4711');
  });

  it('never holds a secret the log was told of', async () => {
    const runLog = createRunLog(() => {});
    runLog.log.redact(['canary-secret']);
    runLog.log.info('connecting with canary-secret', { url: 'https://x/?key=canary-secret' });
    await keepRunLog(store, run, 'ingest', runLog, new Date());
    expect([...objects.values()].join()).not.toContain('canary');
  });

  it('skips the last line of an object that was cut', async () => {
    objects.set(
      'runs/t1/r1/log/1.jsonl',
      '{"time":"2026-03-01T12:00:00Z","level":"info","message":"whole"}\n{"time":"20',
    );
    const lines = await readRunLog(new S3Client({}), 'lake', 't1', 'r1');
    expect(lines.map(({ message }) => message)).toEqual(['whole']);
  });

  it('fails nothing when it cannot be kept', async () => {
    const runLog = createRunLog(() => {});
    runLog.log.info('x');
    const broken = {
      putNew: async () => Promise.reject(new Error('no')),
    } as unknown as ObjectStore;
    await expect(keepRunLog(broken, run, 'ingest', runLog, new Date())).resolves.toBeUndefined();
  });
});
