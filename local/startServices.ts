import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../shared/log.ts';
import { type LocalDynamoDb, openDynamoDb } from './dynamodb/openDynamoDb.ts';
import { type LocalEvents, openEvents } from './events/openEvents.ts';
import { openGlue } from './glue/openGlue.ts';
import { type LocalLambda, openLambda } from './lambda/openLambda.ts';
import type { LogLine } from './lambda/sandbox.ts';
import type { LocalService } from './localService.ts';
import { openIssuer } from './oidc/openIssuer.ts';
import type { DeliverToTarget } from './protocol/deliveryQueue.ts';
import { type LocalS3, openS3 } from './s3/openS3.ts';
import { type LocalScheduler, openScheduler } from './scheduler/openScheduler.ts';
import { openSecrets } from './secrets/openSecrets.ts';
import { openSns } from './sns/openSns.ts';
import { type LocalSqs, openSqs } from './sqs/openSqs.ts';
import { lazyMapStorage } from './stepfunctions/lazyMapStorage.ts';
import { type LocalStepFunctions, openStepFunctions } from './stepfunctions/openStepFunctions.ts';

export interface Services {
  readonly dynamoDb: LocalDynamoDb;
  readonly s3: LocalS3;
  readonly stepFunctions: LocalStepFunctions;
  readonly lambda: LocalLambda;
  readonly sqs: LocalSqs;
  readonly events: LocalEvents;
  readonly scheduler: LocalScheduler;
  readonly secrets: LocalService;
  readonly glue: LocalService;
  /** In the order in which they are asked whether a request is theirs. */
  readonly all: readonly LocalService[];
  /** In an order in which nobody calls a service that is closed already. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly home: string;
  readonly log: Log;
  /** Where functions find AWS; asked when the first one starts. */
  readonly endpointUrl: () => string;
  /** Where clients reach the API; empty until it listens. */
  readonly apiUrl: () => string;
  readonly recordWritesOf?: (sortKey: string) => boolean;
  readonly onFunctionLog?: (line: LogLine) => void;
}

/** Opens every embedded service on its folder under `<home>/aws`. Nothing is delivered or resumed yet. */
export function openServices({
  home,
  log,
  endpointUrl,
  apiUrl,
  recordWritesOf,
  onFunctionLog,
}: ServicesOptions): Services {
  const folder = (name: string): string => join(home, 'aws', name);
  const sqs = openSqs({ folder: folder('sqs'), log });
  const sendToQueue = (
    arn: string,
    body: string,
    attributes: Readonly<Record<string, string>>,
  ): void => sqs.send(arn, body, attributes);
  const dynamoDb = openDynamoDb({
    folder: folder('dynamodb'),
    log,
    ...(recordWritesOf === undefined ? {} : { recordWritesOf }),
  });
  const s3 = openS3({ folder: folder('s3'), log });
  const lambda = openLambda({
    folder: folder('lambda'),
    endpointUrl,
    apiUrl,
    deliver: async (arn, { body, attributes }) => sendToQueue(arn, body, attributes),
    ...(onFunctionLog === undefined ? {} : { onLog: onFunctionLog }),
  });
  const deliver = deliverTo(lambda, sqs);
  const events = openEvents({
    folder: folder('events'),
    deliver,
    sendToQueue,
    log,
    paused: true,
  });
  const scheduler = openScheduler({
    folder: folder('scheduler'),
    deliver,
    sendToQueue,
    log,
    paused: true,
  });
  const stepFunctions = openStepFunctions({
    folder: folder('stepfunctions'),
    invoke: lambda.invoke,
    mapStorage: lazyMapStorage(endpointUrl),
    // More units than processors only take each other's memory.
    mostMapChildren: availableParallelism(),
    log,
  });
  const secrets = openSecrets({ folder: folder('secrets'), log });
  const issuer = openIssuer({ url: () => `${endpointUrl()}/oidc`, clientId: 'headgate' });
  const sns = openSns({ folder: folder('sns'), log });
  const glue = openGlue({ folder: folder('glue'), log });
  return {
    dynamoDb,
    s3,
    stepFunctions,
    lambda,
    sqs,
    events,
    scheduler,
    secrets,
    glue,
    all: [dynamoDb, stepFunctions, lambda, sqs, events, scheduler, secrets, glue, issuer, sns, s3],
    close: async () => {
      const close = async (...services: readonly LocalService[]): Promise<void> => {
        for (const result of await Promise.allSettled(services.map((service) => service.close())))
          if (result.status === 'rejected')
            log.error('a service did not close', { error: result.reason });
      };
      // What calls comes before what is called.
      await close(scheduler, events, stepFunctions);
      await close(lambda, sqs);
      await close(dynamoDb, s3, secrets, glue, sns, issuer);
    },
  };
}

/** Targets of rules and schedules: functions (asynchronously, as on AWS) and queues. */
const deliverTo =
  (lambda: LocalLambda, sqs: LocalSqs): DeliverToTarget =>
  async (arn, payload) => {
    const service = arn.split(':')[2];
    if (service === 'lambda') lambda.invokeEvent(arn, JSON.parse(payload));
    else if (service === 'sqs') sqs.send(arn, payload);
    else throw new Error(`nothing is delivered to ${arn} here`);
  };
