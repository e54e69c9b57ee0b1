import type { Principal } from '../api/principal.ts';
import type { Schedules } from '../schedules/schedules.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import type { Table } from '../table.ts';
import type { Connectors } from './checkSettings.ts';
import type { Probe } from './probe.ts';

export interface SourceDependencies {
  readonly table: Table;
  /** Descriptions only: no driver is loaded by them. */
  readonly connectors: Connectors;
  readonly secrets: SecretStore;
  /** `headgate/<stage>/`; the tenant follows. */
  readonly secretPrefix: string;
  readonly schedules: Schedules;
  readonly probe: Probe;
  readonly now: () => Date;
}

/** Who asks, and for how long the work may go on. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly signal: AbortSignal;
}
