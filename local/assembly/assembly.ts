import type { FunctionSettings } from '../lambda/functionSettings.ts';

/** What a synthesised application consists of, with every reference resolved to its local value. */
export interface Assembly {
  readonly tables: readonly TableDescription[];
  readonly buckets: readonly BucketDescription[];
  readonly functions: readonly FunctionSettings[];
  readonly stateMachines: readonly StateMachineDescription[];
  readonly queues: readonly QueueDescription[];
  readonly eventSourceMappings: readonly EventSourceMappingDescription[];
  readonly rules: readonly RuleDescription[];
  readonly scheduleGroups: readonly { readonly name: string }[];
  readonly httpApis: readonly HttpApiDescription[];
  readonly webSocketApis: readonly WebSocketApiDescription[];
  readonly secrets: readonly SecretDescription[];
  readonly glueDatabases: readonly { readonly name: string; readonly description: string }[];
  /** `<stack>.<output>` → value; exports between stacks are left out. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface KeyDescription {
  readonly attribute: string;
  readonly type: 'S' | 'N' | 'B';
}

export interface TableDescription {
  readonly name: string;
  readonly arn: string;
  readonly partitionKey: KeyDescription;
  readonly sortKey: KeyDescription | null;
  readonly indexes: readonly {
    readonly name: string;
    readonly partitionKey: KeyDescription;
    readonly sortKey: KeyDescription | null;
    readonly projection: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
    readonly nonKeyAttributes: readonly string[];
  }[];
  readonly ttlAttribute: string | null;
  readonly streamViewType: 'NEW_AND_OLD_IMAGES' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'KEYS_ONLY' | null;
}

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface LifecycleRule {
  readonly prefix: string;
  readonly expireDays: number | null;
  readonly expireNoncurrentDays: number | null;
  readonly abortMultipartDays: number | null;
}

export interface BucketDescription {
  readonly name: string;
  readonly versioned: boolean;
  /** Object events go to the default event bus. */
  readonly eventBridge: boolean;
  readonly cors: readonly CorsRule[];
  readonly lifecycle: readonly LifecycleRule[];
}

export interface StateMachineDescription {
  readonly name: string;
  readonly arn: string;
  /** Amazon States Language as JSON text, placeholders filled in. */
  readonly definition: string;
}

export interface QueueDescription {
  readonly name: string;
  readonly arn: string;
  readonly visibilityTimeoutSeconds: number;
  readonly retentionSeconds: number;
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | null;
}

export interface EventSourceMappingDescription {
  readonly source:
    | { readonly kind: 'queue'; readonly arn: string }
    | {
        readonly kind: 'tableStream';
        readonly table: string;
        readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
        readonly bisectOnError: boolean;
        /** -1 is until the record expires. */
        readonly retryAttempts: number;
        readonly onFailureArn: string | null;
      };
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Event patterns as JSON text; an event that matches none is dropped. Empty: all are taken. */
  readonly filters: readonly string[];
  readonly reportsBatchItemFailures: boolean;
  readonly maximumConcurrency: number | null;
}

export interface RuleDescription {
  readonly name: string;
  readonly arn: string;
  /** Exactly one of the two is there. */
  readonly eventPattern: Readonly<Record<string, unknown>> | null;
  readonly scheduleExpression: string | null;
  readonly targets: readonly {
    readonly arn: string;
    readonly deadLetterArn: string | null;
    readonly retryAttempts: number;
  }[];
}

export interface HttpApiDescription {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly routes: readonly {
    /** `GET /v1/sources/{idOrKey}`. */
    readonly routeKey: string;
    readonly functionName: string;
    readonly authorizer: string | null;
  }[];
  readonly authorizers: Readonly<
    Record<
      string,
      {
        readonly functionName: string;
        /** `$request.header.Authorization`. */
        readonly identitySources: readonly string[];
        readonly cacheSeconds: number;
      }
    >
  >;
}

export interface WebSocketApiDescription {
  readonly id: string;
  readonly name: string;
  /** Part of its URL. */
  readonly stage: string;
  /** `$connect`, `$disconnect`, `$default` or an action, and the function it goes to. */
  readonly routes: Readonly<Record<string, string>>;
}

export interface SecretDescription {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  /** The value to start with: given, or made up of so many letters and digits. */
  readonly initial: { readonly value: string } | { readonly generateLength: number };
}
