import * as z from 'zod';
import type { Log } from '../../shared/log.ts';
import type { RunDependencies } from '../../shared/runs/endRun.ts';
import { requestRun } from '../../shared/runs/requestRun.ts';
import { getSource } from '../../shared/sources/getSource.ts';

/** What a source's schedule sends. `scheduledTime` is the same for every delivery attempt of one firing. */
const firing = z.object({
  tenant: z.string(),
  sourceId: z.string(),
  kind: z.enum(['ingest', 'detect_deletes']).default('ingest'),
  scheduledTime: z.string(),
});

export interface FiringAnswer {
  readonly outcome: 'started' | 'queued' | 'coalesced' | 'busy' | 'skipped' | 'repeated';
  readonly runId?: string;
}

/** Which firings were served, by tenant and name, for a day. */
export interface Firings {
  seen(tenant: string, firing: string): Promise<boolean>;
  remember(tenant: string, firing: string): Promise<void>;
}

/** A schedule fired: asks for a run of an active source, once per firing, however often it is delivered. */
export const makeHandler =
  (dependencies: RunDependencies, firings: Firings, log: Log) =>
  async (event: unknown): Promise<FiringAnswer> => {
    const { tenant, sourceId, kind, scheduledTime } = firing.parse(event);
    const source = await getSource(dependencies.table, tenant, sourceId);
    if (source === null || source.status !== 'active') {
      log.info('schedule skipped', { tenant, sourceId, status: source?.status ?? 'deleted' });
      return { outcome: 'skipped' };
    }
    const name = `${sourceId}#${scheduledTime}${kind === 'ingest' ? '' : `#${kind}`}`;
    if (await firings.seen(tenant, name)) return { outcome: 'repeated' };
    const { outcome, runId } = await requestRun(dependencies, {
      tenant,
      sourceId,
      connector: source.connector,
      request: { kind },
      trigger: 'schedule',
      requestedBy: `schedule ${scheduledTime}`,
      whenBusy: 'queue',
    });
    // Only now: a crash before this delivers the firing again, and a run too many loads nothing twice.
    await firings.remember(tenant, name);
    log.info('schedule fired', { tenant, sourceId, runId, outcome });
    return { outcome, runId };
  };
