import type { AcceptedRun, Client, SourceSummary, StartRun } from '../../../client/generated.ts';
import { watchRun } from '../../app/eventToasts.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { toast } from '../../ui/Toasts.tsx';

type Named = Pick<SourceSummary, 'id' | 'name'>;

/** Starts a run, and says whether it began or waits. Rejects with what the API says. */
export async function startRun(client: Client, source: Named, body: StartRun = {}): Promise<void> {
  const accepted = await client.startRun({
    idOrKey: source.id,
    headers: { 'idempotency-key': crypto.randomUUID() },
    body,
  });
  tellAccepted(source, accepted, 'Sync');
  await refreshSource(client, source.id);
}

const outcomes: Readonly<Record<AcceptedRun['status'], string>> = {
  started: 'started',
  queued: 'queued: it starts when the run in progress ends',
  coalesced: 'already waiting: the same was asked for before',
};

/** A toast with a link to the run. */
export function tellAccepted(source: Named, { runId, status }: AcceptedRun, what: string): void {
  watchRun(runId);
  toast('success', `${source.name}: ${what} ${outcomes[status]}.`, {
    to: `/runs/${runId}`,
    text: 'Watch it',
  });
}

export async function setStatus(
  client: Client,
  source: Named,
  status: SourceSummary['status'],
): Promise<void> {
  sourcesStoreOf(client).put(await client.changeSource({ idOrKey: source.id, body: { status } }));
  toast('success', `${source.name} is ${status} now.`);
}

/** Puts the source as it is now into the list. */
export async function refreshSource(client: Client, sourceId: string): Promise<void> {
  sourcesStoreOf(client).put(await client.getSource({ idOrKey: sourceId }));
}
