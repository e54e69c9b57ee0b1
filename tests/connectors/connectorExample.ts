import type {
  CheckResult,
  Connector,
  Context,
  StreamRequest,
} from '../../shared/connectors/connector.ts';
import type { SaysWhen } from '../simulators/pace.ts';
import type { PacedSource } from '../simulators/simulator.ts';
import type { Row } from './readBatch.ts';

/** What a source's surroundings are in an example. */
export type Surroundings = Partial<
  Pick<
    Context<unknown, unknown>,
    'fetch' | 'resolveHost' | 'landing' | 'sleep' | 'now' | 'accessToken' | 'rateLimit'
  >
>;
type FailedCheck = Extract<CheckResult, { ok: false }>;

/** A source that refuses, and what it has to be called. Laid over the example. */
export interface Refusal {
  /** Completes "tells … apart". */
  readonly title: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, unknown>>;
  readonly surroundings?: () => Surroundings;
  readonly stream?: string;
  readonly code: FailedCheck['code'];
  /** What the message has to hold for a person to know what to do. */
  readonly says: RegExp;
}

/** A source that asks to slow down, and how. */
export interface Paced {
  readonly source: PacedSource;
  /** Each way in which it may say when to come again. */
  readonly says: readonly SaysWhen[];
  /** What its limit is counted by, where it says nothing. Default 3. */
  readonly perSeconds?: number;
}

/** One connector against one living source that holds `expected`, in at least three batches. */
export interface ConnectorExample {
  /** Distinguishes several examples of one connector. */
  readonly title?: string;
  readonly connector: Connector;
  readonly config: Readonly<Record<string, unknown>>;
  /** Values of secret fields, here and in refusals, MUST be canaries: nowhere else in the example. */
  readonly credentials: Readonly<Record<string, unknown>>;
  /**
   * Fresh for each call; what is left out is refused (fetch, addresses) or real (clock). `from` is the checkpoint
   * that is read from, for a source that forgets what was delivered, such as an inbox of files.
   */
  readonly surroundings?: (from: unknown) => Surroundings;
  readonly stream: Omit<StreamRequest, 'mode' | 'window'>;
  /** A row's identity, with as much of its content as the test is to compare. */
  readonly identify: (row: Row) => string;
  /** Of every row the source holds at first, in any order. */
  readonly expected: readonly string[];
  /**
   * Adds rows to the source and answers their identities. Where the cursor can tie, some MUST share a cursor value
   * with each other, over more than one batch.
   */
  readonly add?: () => Promise<readonly string[]>;
  /**
   * Deletes some rows in the source and answers their keys (of several columns, joined by a space). Of the streams whose
   * deletes are told; after `add`.
   */
  readonly remove?: () => readonly string[] | Promise<readonly string[]>;
  /** With those of the connector’s other examples: one of each code, or why there can be none. */
  readonly refusals: readonly Refusal[];
  /** `source_throttled`: why it is never asked to wait. */
  readonly cannotBe?: Readonly<Partial<Record<FailedCheck['code'] | 'source_throttled', string>>>;
  /** Surroundings of a source that asks to slow down before it answers. */
  readonly throttled?: () => Surroundings;
  /**
   * What is read, and counts requests that come before it wants them. Of connectors whose faults are not tried by
   * `describeRestFaults`.
   */
  readonly paced?: Paced;
  /** Connections the source counts as open now; none may be left behind. */
  readonly openConnections?: () => Promise<number>;
}

const why =
  'an emulator lets everybody in, at any pace, and is in reach; the connector’s simulator refuses';
/** For `cannotBe`: what emulators do not know. */
export const notEmulated = {
  invalid_credentials: why,
  source_forbidden: why,
  source_unreachable: why,
  source_throttled: why,
} as const;
