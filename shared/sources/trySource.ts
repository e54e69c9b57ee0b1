import type * as z from 'zod';
import { badField } from '../api/fieldErrors.ts';
import { requireAllSources } from '../api/principal.ts';
import type { liveSchema, offeredStreams } from '../api/schemas/liveSchema.ts';
import type { Connection, testResult } from '../api/schemas/source.ts';
import { recordAudit } from '../audit/auditItem.ts';
import type { Connector } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { checkSecretRef } from '../secrets/secretStore.ts';
import { checkConfig, checkCredentials, connectorOf } from './checkSettings.ts';
import { requireSourceOf } from './findSource.ts';
import { type ProbeSubject, requireConnected } from './probe.ts';
import type { CheckAnswer, DiscoverAnswer } from './probeAnswer.ts';
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
  return resultOf(answer, now());
}

/** Tries what a form holds before it is saved. Whoever may not make sources may not make Headgate dial anywhere. */
export async function testConnection(
  dependencies: SourceDependencies,
  caller: Caller,
  name: string,
  connection: Connection,
): Promise<z.infer<typeof testResult>> {
  const subject = connectionSubject(dependencies, caller, name, connection);
  return resultOf(await dependencies.probe.check(subject, caller.signal), dependencies.now());
}

/** What such a connection offers. Throws what the source answers. */
export async function streamsOffered(
  dependencies: SourceDependencies,
  caller: Caller,
  name: string,
  connection: Connection,
): Promise<z.infer<typeof offeredStreams>> {
  const subject = connectionSubject(dependencies, caller, name, connection);
  const { streams } = requireConnected(await dependencies.probe.discover(subject, caller.signal));
  return { inspectedAt: dependencies.now().toISOString(), streams: describe(streams) };
}

function connectionSubject(
  { connectors, secretPrefix }: SourceDependencies,
  { principal }: Caller,
  name: string,
  { config, credentials, secretRef }: Connection,
): ProbeSubject {
  requireAllSources(principal);
  const connector = connectors.find((each) => each.name === name);
  if (connector === undefined) throw new HeadgateError('not_found', 'No such connector.');
  checkConfig(connector, config, true);
  if (credentials !== undefined && secretRef !== undefined)
    throw badField(['secretRef'], 'Either `credentials` or `secretRef`.');
  if (secretRef === undefined) checkCredentials(connector, credentials ?? {});
  else checkSecretRef(secretRef, secretPrefix, principal.tenant);
  return {
    tenant: principal.tenant,
    connector: name,
    config,
    ...(credentials === undefined ? {} : { credentials }),
    ...(secretRef === undefined ? {} : { secretRef }),
  };
}

const resultOf = (answer: CheckAnswer, now: Date): z.infer<typeof testResult> => ({
  ok: answer.ok,
  status: answer.ok ? 'connected' : 'failed',
  ...(answer.ok ? {} : { code: answer.code }),
  message: answer.message,
  ...(answer.ok && answer.sample !== undefined ? { sample: answer.sample } : {}),
  testedAt: now.toISOString(),
});

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
    streams: describe(streams),
  };
}

const describe = (
  streams: Extract<DiscoverAnswer, { readonly ok: true }>['streams'],
): z.infer<typeof offeredStreams>['streams'] =>
  // How rows are merged is the stream's own affair.
  streams.map(({ modes, columns, notes, upserts: _, repeats: __, ...stream }) => ({
    ...stream,
    syncModes: modes,
    columns:
      columns?.map(({ name, type, nativeType }) => ({
        name,
        type,
        nativeType: nativeType ?? null,
      })) ?? null,
    notes: notes ?? [],
  }));

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
