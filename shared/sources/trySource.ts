import type * as z from 'zod';
import { badField } from '../api/fieldErrors.ts';
import type { liveSchema, testResult } from '../api/schemas/source.ts';
import { recordAudit } from '../audit/auditItem.ts';
import type { Connector } from '../connectors/connector.ts';
import { checkConfig, connectorOf } from './checkSettings.ts';
import { requireSourceOf } from './findSource.ts';
import { type ProbeSubject, requireConnected } from './probe.ts';
import type { CheckAnswer } from './probeAnswer.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import type { SourceItem } from './sourceItem.ts';

/** Tries a source's connection. A refusal is the answer; only a fault of ours is a problem. */
export async function testSource(
  dependencies: SourceDependencies,
  caller: Caller,
  idOrKey: string,
): Promise<z.infer<typeof testResult>> {
  const { table, probe, now } = dependencies;
  const source = await requireSourceOf(table, caller.principal, idOrKey);
  const answer: CheckAnswer = await probe.check(
    subjectOf(source, readyConnector(dependencies, source)),
    caller.signal,
  );
  const { tenant, tokenId } = caller.principal;
  await recordAudit(
    table,
    {
      tenant,
      by: tokenId,
      requestId: caller.requestId,
      action: 'source.tested',
      subject: source.sourceId,
      after: { ok: answer.ok },
    },
    now(),
  );
  return {
    ok: answer.ok,
    status: answer.ok ? 'connected' : 'failed',
    ...(answer.ok ? {} : { code: answer.code }),
    message: answer.message,
    ...(answer.ok && answer.sample !== undefined ? { sample: answer.sample } : {}),
    testedAt: now().toISOString(),
  };
}

/** What a source offers right now. Throws what the source answers: 503 when it cannot be reached. */
export async function liveSchemaOf(
  dependencies: SourceDependencies,
  caller: Caller,
  idOrKey: string,
): Promise<z.infer<typeof liveSchema>> {
  const { table, probe, now } = dependencies;
  const source = await requireSourceOf(table, caller.principal, idOrKey);
  const { streams } = requireConnected(
    await probe.discover(subjectOf(source, readyConnector(dependencies, source)), caller.signal),
  );
  return {
    sourceId: source.sourceId,
    sourceKey: source.key,
    inspectedAt: now().toISOString(),
    // How rows are merged is the stream's own affair.
    streams: streams.map(({ modes, columns, notes, upserts: _, repeats: __, ...stream }) => ({
      ...stream,
      syncModes: modes,
      columns:
        columns?.map(({ name, type, nativeType }) => ({
          name,
          type,
          nativeType: nativeType ?? null,
        })) ?? null,
      notes: notes ?? [],
    })),
  };
}

/** Throws for a source that is not complete enough to be asked anything. */
function readyConnector({ connectors }: SourceDependencies, source: SourceItem): Connector {
  const connector = connectorOf(connectors, source.connector);
  if (connector === null) throw badField(['connector'], 'The source has no connector yet.');
  checkConfig(connector, source.config, true);
  return connector;
}

const subjectOf = (
  { tenant, config, secretRef }: SourceItem,
  { name }: Connector,
): ProbeSubject => ({
  tenant,
  connector: name,
  config,
  ...(secretRef === null ? {} : { secretRef }),
});
