import { beforeAll, describe, expect, it } from 'vitest';
import { connectorNames, connectors } from '../../connectors/registry.ts';
import { routeKey } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import { type FunctionName, functionEnv } from '../../shared/env.ts';
import { covers, flatten, type Statement, statementsByRole } from './policies.ts';
import { type Synthesised, synthesise } from './synthesise.ts';

let app: Synthesised;
let roles: ReadonlyMap<string, readonly Statement[]>;
beforeAll(() => {
  app = synthesise();
  roles = statementsByRole(app);
});

/** Roles that may do `action` on a resource whose flattened name ends like `end`. */
const whoMay = (action: string, end: string): readonly string[] =>
  [...roles]
    .filter(([, statements]) =>
      statements.some(
        ({ actions, resources }) =>
          actions.some((pattern) => covers(pattern, action)) &&
          resources.some((pattern) => covers(pattern.replace(/^.*?>/, ''), end) || pattern === '*'),
      ),
    )
    .map(([role]) => role.replace(/Role[0-9A-F]{8}$/, ''))
    .sort();

const functionNames = (): readonly string[] =>
  app.ofType('AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName);

/** `ingest` for `headgate-dev-ingest-postgres`, else the part after the stage. */
const kindOf = (functionName: string): FunctionName => {
  const name = functionName.replace('headgate-dev-', '');
  return (name.startsWith('ingest-') ? 'ingest' : name) as FunctionName;
};

describe('functions', () => {
  it('are one per connector and one per other function, named after the stage', () => {
    const others = Object.keys(functionEnv).filter((name) => name !== 'ingest');
    expect([...functionNames()].sort()).toEqual(
      [...connectorNames.map((name) => `ingest-${name}`), ...others]
        .map((name) => `headgate-dev-${name}`)
        .sort(),
    );
  });

  it('run Node 24 on arm64 with JSON logs and X-Ray', () => {
    for (const [id, { Properties }] of app.ofType('AWS::Lambda::Function'))
      expect(
        {
          runtime: Properties.Runtime,
          architectures: Properties.Architectures,
          format: Properties.LoggingConfig.LogFormat,
          tracing: Properties.TracingConfig.Mode,
        },
        id,
      ).toEqual({
        runtime: 'nodejs24.x',
        architectures: ['arm64'],
        format: 'JSON',
        tracing: 'Active',
      });
  });

  it('each have a role and a log group of their own', () => {
    const functions = app.ofType('AWS::Lambda::Function');
    const rolesUsed = functions.map(([, { Properties }]) => flatten(Properties.Role));
    const groups = functions.map(([, { Properties }]) =>
      flatten(Properties.LoggingConfig.LogGroup),
    );
    expect(new Set(rolesUsed).size).toBe(functions.length);
    expect(new Set(groups).size).toBe(functions.length);
  });

  it('get exactly the environment their code reads', () => {
    for (const [, { Properties }] of app.ofType('AWS::Lambda::Function')) {
      const kind = kindOf(Properties.FunctionName);
      const expected = Object.keys(functionEnv[kind].shape).filter(
        // Where vendors are dialled is never changed by the template.
        (name) => !name.startsWith('AWS_LAMBDA_') && name !== 'VENDOR_ORIGINS',
      );
      expect(Object.keys(Properties.Environment.Variables).sort(), kind).toEqual(expected.sort());
    }
  });

  it('run no longer than the state machine waits, and the API no longer than API Gateway', () => {
    for (const [, { Properties }] of app.ofType('AWS::Lambda::Function')) {
      const isApi = /-(api[A-Z]\w+|authorizer|preview)$/.test(Properties.FunctionName);
      expect(Properties.Timeout, Properties.FunctionName).toBeLessThanOrEqual(isApi ? 29 : 900);
    }
  });

  it('of the API keep a share of concurrency, and none of the others does', () => {
    for (const [, { Properties }] of app.ofType('AWS::Lambda::Function')) {
      const isApi = /-(api[A-Z]\w+|authorizer|preview)$/.test(Properties.FunctionName);
      expect('ReservedConcurrentExecutions' in Properties, Properties.FunctionName).toBe(isApi);
    }
  });
});

describe('logs', () => {
  it('all end after a while', () => {
    const groups = app.ofType('AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(functionNames().length);
    for (const [id, { Properties }] of groups) expect(Properties.RetentionInDays, id).toBe(30);
  });
});

describe('roles', () => {
  it('let only Commit write table metadata', () => {
    expect(whoMay('s3:PutObject', '/lake/metadata/acme/s/t/v1.metadata.json')).toEqual(['Commit']);
    // The mirror removes what expired, once the catalogue has moved on; the reaper what a deleted source left.
    expect(whoMay('s3:DeleteObject', '/lake/metadata/acme/s/t/v1.metadata.json')).toEqual([
      'GlueMirror',
      'Reaper',
    ]);
  });

  it('let only Ingest functions write data files, and never delete them', () => {
    expect(whoMay('s3:PutObject', '/lake/data/acme/x.parquet')).toEqual(
      connectorNames.map((name) => `Ingest${name.replaceAll('_', '')}`).sort(),
    );
    expect(whoMay('s3:DeleteObject', '/lake/data/acme/x.parquet')).toEqual([
      'GlueMirror',
      'Reaper',
    ]);
  });

  it('let only the reaper and uploads remove what landed, and only the reaper list all its versions', () => {
    for (const key of ['/landing/acme/s/x.csv', '/_uploads/acme/s/u/x.csv'])
      expect(whoMay('s3:DeleteObjectVersion', key)).toEqual(['ApiFiles', 'Reaper']);
    const listing = app
      .ofType('AWS::IAM::Policy')
      .flatMap(([, { Properties }]) =>
        Properties.PolicyDocument.Statement.map((statement: { Action: string | string[] }) => ({
          role: Properties.Roles[0].Ref.replace(/Role[0-9A-F]{8}$/, ''),
          statement,
        })),
      )
      .filter(({ statement }) => [statement.Action].flat().includes('s3:ListBucketVersions'));
    expect(listing.map(({ role, statement }) => [role, statement.Condition])).toEqual([
      ['Reaper', { StringLike: { 's3:prefix': ['landing/*', '_uploads/*'] } }],
      ['Reaper', { StringLike: { 's3:prefix': ['lake/data/*', 'lake/metadata/*', 'runs/*'] } }],
    ]);
  });

  it('let a connector read the secrets of sources only when it has credentials', () => {
    const secret =
      ':secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:headgate/dev/acme/x-a1b2c3';
    expect(whoMay('secretsmanager:GetSecretValue', secret)).toEqual(
      connectors
        .filter(({ landing }) => !landing)
        .map(({ name }) => `Ingest${name.replaceAll('_', '')}`),
    );
  });

  it('let the API write secrets of sources and read none', () => {
    const secret =
      ':secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:headgate/dev/acme/x-a1b2c3';
    expect(whoMay('secretsmanager:CreateSecret', secret)).toEqual(['ApiSources']);
    expect(whoMay('secretsmanager:PutSecretValue', secret)).toEqual(['ApiSources']);
  });

  it('let only who checks tokens read the admin token', () => {
    const readers = [...roles]
      .filter(([, statements]) =>
        statements.some(
          ({ actions, resources }) =>
            actions.includes('secretsmanager:GetSecretValue') &&
            resources.some((resource) => resource.includes('AdminToken')),
        ),
      )
      .map(([role]) => role.replace(/Role[0-9A-F]{8}$/, ''));
    expect(readers).toEqual(['WebSocket', 'Authorizer']);
    // Nor by way of the prefix that connectors read.
    const [secret] = app.ofType('AWS::SecretsManager::Secret');
    expect(secret?.[1].Properties.Name).toBe('headgate-admin/dev/token');
  });

  it('let only those start executions who may start runs, and the state machine its own children', () => {
    expect(
      whoMay(
        'states:StartExecution',
        ':states:<AWS::Region>:<AWS::AccountId>:stateMachine:headgate-dev-ingest',
      ),
    ).toEqual([
      'ApiFiles',
      'ApiRuns',
      'Commit',
      'Fail',
      'FileArrival',
      'Ingest',
      'Reaper',
      'ScheduleTrigger',
    ]);
  });

  it('let only those stop executions who may have to end a run', () => {
    expect(
      whoMay(
        'states:StopExecution',
        ':states:<AWS::Region>:<AWS::AccountId>:execution:headgate-dev-ingest:run',
      ),
    ).toEqual(['ApiFiles', 'ApiRuns', 'FileArrival', 'Ingest', 'Reaper', 'ScheduleTrigger']);
  });

  it('let the state machine touch the scratch objects of runs, and no data', () => {
    const [, statements = []] = [...roles].find(([role]) => role.startsWith('IngestRole')) ?? [];
    const objects = statements
      .filter(({ actions }) => actions.some((action) => action.startsWith('s3:')))
      .flatMap(({ resources }) => resources);
    expect(objects.length).toBeGreaterThan(0);
    for (const resource of objects) expect(resource).toMatch(/Lake.*\/runs\/\*$/);
    expect(
      whoMay(
        'states:DescribeExecution',
        ':states:<AWS::Region>:<AWS::AccountId>:execution:headgate-dev-ingest/Units:child',
      ),
    ).toContain('Ingest');
  });

  it('let the state machine invoke exactly its functions', () => {
    const [machine] = [...roles].filter(([role]) => role.startsWith('IngestRole'));
    const invoked = (machine?.[1] ?? [])
      .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
      .flatMap(({ resources }) => resources)
      .map((resource) => resource.replace(/^<(.*?)[0-9A-F]{8}\.Arn>$/, '$1'));
    expect(invoked.sort()).toEqual(
      [
        ...connectorNames.map((name) => `Ingest${name.replaceAll('_', '')}`),
        'Commit',
        'Fail',
      ].sort(),
    );
  });

  it('name no action with a wildcard', () => {
    for (const [role, statements] of roles)
      for (const { actions } of statements)
        for (const action of actions) expect(action, role).not.toContain('*');
  });

  it('stay below the size of a role’s inline policies', () => {
    const sizes = new Map<string, number>();
    for (const [, { Properties }] of app.ofType('AWS::IAM::Policy'))
      for (const role of Properties.Roles) {
        const size = JSON.stringify(Properties.PolicyDocument).length;
        sizes.set(role.Ref, (sizes.get(role.Ref) ?? 0) + size);
      }
    for (const [role, size] of sizes) expect(size, role).toBeLessThan(10_240);
  });
});

describe('buckets', () => {
  it('are encrypted, refuse plain HTTP and all public access', () => {
    const buckets = app.ofType('AWS::S3::Bucket');
    expect(buckets).toHaveLength(3);
    const policies = app.ofType('AWS::S3::BucketPolicy').map(([, { Properties }]) => Properties);
    for (const [id, { Properties }] of buckets) {
      expect(Properties.PublicAccessBlockConfiguration, id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties.BucketEncryption, id).toBeDefined();
      const policy = policies.find(({ Bucket }) => id.endsWith(`/${Bucket.Ref}`));
      expect(
        policy?.PolicyDocument.Statement.some(
          (statement: { Effect: string; Condition?: { Bool?: Record<string, string> } }) =>
            statement.Effect === 'Deny' &&
            statement.Condition?.Bool?.['aws:SecureTransport'] === 'false',
        ),
        id,
      ).toBe(true);
    }
  });

  it('keep versions of what lands, tell of it, and take uploads from browsers', () => {
    const landing = app.ofType('AWS::S3::Bucket').find(([id]) => id.includes('/Landing'))?.[1];
    expect(landing?.Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(landing?.Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(landing?.Properties.CorsConfiguration.CorsRules[0].AllowedMethods).toEqual([
      'PUT',
      'POST',
    ]);
    // The custom resource that CDK would otherwise add.
    expect(app.ofType('Custom::S3BucketNotifications')).toEqual([]);
  });

  it('let unfinished uploads and scratch of runs go', () => {
    const rules = (name: string) =>
      app.ofType('AWS::S3::Bucket').find(([id]) => id.includes(`/${name}`))?.[1].Properties
        .LifecycleConfiguration.Rules;
    for (const name of ['Landing', 'Lake'])
      expect(rules(name)).toContainEqual(
        expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
      );
    expect(rules('Lake')).toContainEqual(
      expect.objectContaining({ Prefix: 'runs/', ExpirationInDays: 30 }),
    );
    // Nothing that a table names ever expires, and no file that waits to be loaded.
    for (const rule of rules('Landing')) expect(rule.ExpirationInDays).toBeUndefined();
    for (const rule of rules('Lake'))
      expect(rule.Prefix === 'runs/' || rule.ExpirationInDays === undefined).toBe(true);
  });
});

describe('the table', () => {
  it('has two indexes of keys, a stream, expiry, recovery and encryption', () => {
    const [table] = app.ofType('AWS::DynamoDB::GlobalTable');
    expect(table?.[1].Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      GlobalSecondaryIndexes: [
        { IndexName: 'gsi1', Projection: { ProjectionType: 'KEYS_ONLY' } },
        { IndexName: 'gsi2', Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
      Replicas: [
        {
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { KMSMasterKeyId: expect.anything() },
        },
      ],
    });
  });
});

describe('the API', () => {
  it('has a route for each operation, and a token is asked for wherever it is not public', () => {
    const all = app.ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => ({
      key: Properties.RouteKey as string,
      open: Properties.AuthorizationType === 'NONE',
    }));
    // The WebSocket's token comes in its first message.
    const found = all.filter(({ key }) => !key.startsWith('$'));
    expect(all.length - found.length).toBe(3);
    // Operations on one file differ only in what follows its name, and share a route.
    const keys = new Map(routes.map((route) => [routeKey(route), 'public' in route]));
    const expected = [...keys, ['GET /docs', true] as const].map(([key, open]) => ({ key, open }));
    const byKey = (left: { key: string }, right: { key: string }) =>
      left.key.localeCompare(right.key);
    expect(found.sort(byKey)).toEqual(expected.sort(byKey));
    expect(found.filter(({ open }) => open).map(({ key }) => key)).toEqual([
      'GET /docs',
      'GET /problems/{code}',
      'GET /v1/openapi.json',
      'GET /v1/sign-in',
      'POST /v1/sign-in',
    ]);
  });

  it('forgets a revoked token at once', () => {
    for (const [, { Properties }] of app.ofType('AWS::ApiGatewayV2::Authorizer'))
      expect(Properties.AuthorizerResultTtlInSeconds).toBe(0);
  });

  it('answers a request without a token itself, instead of API Gateway', () => {
    for (const [, { Properties }] of app.ofType('AWS::ApiGatewayV2::Authorizer'))
      expect(Properties.IdentitySource).toBeUndefined();
  });
});

describe('tags', () => {
  it('are on everything that can carry them', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::SQS::Queue'])
      for (const [id, { Properties }] of app.ofType(type))
        expect(Properties.Tags, id).toEqual([
          { Key: 'application', Value: 'headgate' },
          { Key: 'stage', Value: 'dev' },
        ]);
  });
});
