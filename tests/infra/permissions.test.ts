import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { bundleFunctions } from '../../infra/bundle/bundleFunctions.ts';
import { entryNames } from '../../infra/bundle/entries.ts';
import { statementsByRole } from './policies.ts';
import { synthesise } from './synthesise.ts';

const items = (...names: readonly string[]) => names.map((name) => `dynamodb:${name}`);

/**
 * What each command of the AWS SDK needs to be allowed, where that is not its own name under one service.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
const actionsOf: Readonly<Record<string, readonly string[]>> = {
  Get: items('GetItem'),
  Put: items('PutItem'),
  Update: items('UpdateItem'),
  Delete: items('DeleteItem'),
  Query: items('Query'),
  BatchGet: items('BatchGetItem'),
  BatchWrite: items('BatchWriteItem'),
  TransactWrite: items('PutItem', 'UpdateItem', 'ConditionCheckItem'),
  GetObject: ['s3:GetObject'],
  HeadObject: ['s3:GetObject'],
  PutObject: ['s3:PutObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
  CompleteMultipartUpload: ['s3:PutObject'],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  ListParts: ['s3:ListMultipartUploadParts'],
  CopyObject: ['s3:PutObject', 's3:GetObject'],
  DeleteObject: ['s3:DeleteObject'],
  DeleteObjects: ['s3:DeleteObject'],
  ListObjectsV2: ['s3:ListBucket'],
  ListObjectVersions: ['s3:ListBucketVersions'],
  Invoke: ['lambda:InvokeFunction'],
  StartExecution: ['states:StartExecution'],
  StopExecution: ['states:StopExecution'],
  DescribeExecution: ['states:DescribeExecution'],
  GetSecretValue: ['secretsmanager:GetSecretValue'],
  CreateSecret: ['secretsmanager:CreateSecret'],
  PutSecretValue: ['secretsmanager:PutSecretValue'],
  DeleteSecret: ['secretsmanager:DeleteSecret'],
  CreateSchedule: ['scheduler:CreateSchedule', 'iam:PassRole'],
  UpdateSchedule: ['scheduler:UpdateSchedule', 'iam:PassRole'],
  DeleteSchedule: ['scheduler:DeleteSchedule'],
  GetSchedule: ['scheduler:GetSchedule'],
  PostToConnection: ['execute-api:ManageConnections'],
  DeleteConnection: ['execute-api:ManageConnections'],
  PutEvents: ['events:PutEvents'],
  SendMessageBatch: ['sqs:SendMessage'],
  Publish: ['sns:Publish'],
  GetMetricData: ['cloudwatch:GetMetricData'],
  GetTable: ['glue:GetTable'],
  CreateTable: ['glue:CreateTable'],
  UpdateTable: ['glue:UpdateTable'],
  DeleteTable: ['glue:DeleteTable'],
};

/** Commands that come with a module a function uses for something else; it never sends them. */
const executions = ['StopExecution', 'DescribeExecution'];
const neverSent: Readonly<Record<string, readonly string[]>> = {
  // They start the run that waits; they never ask for one, which is when a silent one is looked at.
  commit: [...executions, 'DeleteObjects'],
  fail: executions,
  // The store of objects, of which they use some.
  glueMirror: ['PutObject'],
  preview: ['PutObject', 'DeleteObjects', 'Put', 'Update'],
  // Streams, locks and the audit trail, of which they read. What a connector sends to other people's buckets is
  // signed with their keys, and only described here.
  apiCatalog: ['Put', 'Update', 'GetObject', 'ListObjectsV2'],
  apiSources: ['GetObject', 'ListObjectsV2'],
  apiTables: ['Put', 'Update'],
  // The secrets of webhooks go in here and come out there.
  apiEvents: ['GetSecretValue'],
  webhooks: ['CreateSecret', 'DeleteSecret'],
  // Tokens are made and listed elsewhere.
  authorizer: ['Put', 'Query'],
  // A source that an upload makes has no credentials.
  apiFiles: ['CreateSecret', 'PutSecretValue', 'DeleteSecret'],
  ...Object.fromEntries(connectors.map(({ name }) => [`ingest:${name}`, ['DeleteObjects']])),
};

let folder: string;
let sent: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-permissions-'));
  const { metafile } = await bundleFunctions(process.cwd(), folder);
  sent = new Map(
    entryNames.map((entry) => {
      const [, output] =
        Object.entries(metafile.outputs).find(([path]) =>
          path.endsWith(`/${entry.replace(':', '-')}.mjs`),
        ) ?? [];
      const own = Object.entries(output?.inputs ?? {})
        .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && !path.includes('node_modules'))
        .map(([path]) => path.replace(/^headgate-[a-z]+:/, ''))
        .filter((path) => path.endsWith('.ts'));
      const commands = own.flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/new (\w+)Command\(/g)].map(
          ([, name]) => name ?? '',
        ),
      );
      return [entry, [...new Set(commands)].sort()];
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `Ingestcsvupload` for `ingest:csv_upload`. */
const roleOf = (entry: string): string =>
  `${entry.charAt(0).toUpperCase()}${entry.slice(1)}`.replaceAll(/[:_]/g, '');

describe('a role', () => {
  it('may do what the commands in its function’s code need', () => {
    const roles = statementsByRole(synthesise());
    const lacking: string[] = [];
    for (const entry of entryNames) {
      const [, statements] =
        [...roles].find(([role]) => role.replace(/Role[0-9A-F]{8}$/, '') === roleOf(entry)) ?? [];
      expect(statements, entry).toBeDefined();
      const allowed = new Set(statements?.flatMap(({ actions }) => actions));
      for (const command of sent.get(entry) ?? []) {
        if (neverSent[entry]?.includes(command)) continue;
        const needed = actionsOf[command];
        expect(needed, `what ${command} needs to be allowed`).toBeDefined();
        for (const action of needed ?? [])
          if (!allowed.has(action)) lacking.push(`${entry}: ${action} for ${command}`);
      }
    }
    expect(lacking).toEqual([]);
  });

  it('is looked at with all its function sends', () => {
    expect(sent.get('commit')).toContain('TransactWrite');
    expect(sent.get('ingest:postgres')).toContain('GetSecretValue');
    expect([...sent.values()].flat().length).toBeGreaterThan(60);
  });

  it('is excused only from commands that are there', () => {
    for (const [entry, commands] of Object.entries(neverSent))
      expect(sent.get(entry), entry).toEqual(expect.arrayContaining([...commands]));
  });
});
