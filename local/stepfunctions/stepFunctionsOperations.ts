import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import { describeEvent, describeExecution, describeMachine, summarize } from './answers.ts';
import { executionArnOf, isExecutionName, machineArnOf } from './arns.ts';
import type { Engine } from './engine.ts';
import type { Execution, NewExecution } from './executions.ts';
import type { Machine, NewMachine } from './machines.ts';
import { mapRunOperations } from './mapRunOperations.ts';
import { decodeToken, encodeToken } from './pageToken.ts';
import { maxPayloadBytes } from './payload.ts';
import { InvalidDefinition } from './validateDefinition.ts';

export interface OperationDependencies {
  readonly engine: Engine;
  /** Stores and launches. */
  start(execution: NewExecution): Execution;
  stop(execution: Execution, error: string | null, cause: string | null): void;
  /** Throws InvalidDefinition. */
  createStateMachine(machine: NewMachine): void;
}

const machineArn = z.string().min(1).max(256);
const executionArn = z.string().min(1).max(256);
const maxResults = z.int().min(0).max(1000).default(0);
/** 0 means the default of AWS. */
const pageSize = (wanted: number): number => (wanted === 0 ? 100 : wanted);
const includedData = z.enum(['ALL_DATA', 'METADATA_ONLY']).default('ALL_DATA');

/**
 * The operations of the Step Functions API that Headgate, its tests and its operators use.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
 */
export function stepFunctionsOperations(
  dependencies: OperationDependencies,
): Readonly<Record<string, Operation>> {
  const { engine, start, stop, createStateMachine } = dependencies;
  const { executions, history, machines } = engine;
  const seconds = (milliseconds: number): number => milliseconds / 1000;

  const findMachine = (arn: string): Machine => {
    const machine = machines.get(arn);
    if (machine) return machine;
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  };
  const findExecution = (arn: string): Execution => {
    const execution = executions.get(arn);
    if (execution) return execution;
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  };

  return {
    CreateStateMachine: operation(
      z.strictObject({
        name: z.string().max(80),
        definition: z.string().max(1024 * 1024),
        roleArn: z.string(),
        type: z.literal('STANDARD').optional(),
        tags: z.array(z.unknown()).max(0).optional(),
      }),
      ({ name, definition, roleArn }) => {
        const arn = machineArnOf(name);
        const known = machines.get(arn);
        if (known && (known.definition !== definition || known.roleArn !== roleArn))
          throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
        try {
          if (!known) createStateMachine({ name, definition, roleArn });
        } catch (error) {
          if (!(error instanceof InvalidDefinition)) throw error;
          throw new AwsError(
            'InvalidDefinition',
            `Invalid State Machine Definition: ${error.faults.join('; ')}`,
          );
        }
        return { stateMachineArn: arn, creationDate: seconds(findMachine(arn).createdAt) };
      },
    ),

    DescribeStateMachine: operation(
      z.strictObject({ stateMachineArn: machineArn, includedData: includedData }),
      (input) => describeMachine(findMachine(input.stateMachineArn)),
    ),

    ListStateMachines: operation(
      z.strictObject({ maxResults, nextToken: z.string().optional() }),
      (input) => {
        const from = input.nextToken === undefined ? 0 : Number(decodeToken(input.nextToken)[0]);
        const all = machines.list();
        const end = from + pageSize(input.maxResults);
        return {
          stateMachines: all.slice(from, end).map((machine) => ({
            stateMachineArn: machine.arn,
            name: machine.name,
            type: 'STANDARD',
            creationDate: seconds(machine.createdAt),
          })),
          ...(end < all.length ? { nextToken: encodeToken(String(end)) } : {}),
        };
      },
    ),

    DeleteStateMachine: operation(z.strictObject({ stateMachineArn: machineArn }), (input) => {
      machines.delete(input.stateMachineArn);
    }),

    StartExecution: operation(
      z.strictObject({
        stateMachineArn: machineArn,
        name: z.string().optional(),
        input: z.string().default('{}'),
        traceHeader: z.string().optional(),
      }),
      ({ stateMachineArn, name = randomUUID(), input }) => {
        const machine = findMachine(stateMachineArn);
        if (!isExecutionName(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
        checkInput(input);
        const arn = executionArnOf(machine.arn, name);
        const known = executions.get(arn);
        // A start is the same start as long as the execution runs; afterwards its name stays taken.
        if (known && (known.status !== 'RUNNING' || known.input !== input))
          throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
        const execution =
          known ??
          start({
            arn,
            machineArn: machine.arn,
            name,
            definitionHash: machine.definitionHash,
            roleArn: machine.roleArn,
            input,
            startedAt: engine.now(),
            mapRunArn: null,
          });
        return { executionArn: arn, startDate: seconds(execution.startedAt) };
      },
    ),

    StopExecution: operation(
      z.strictObject({
        executionArn,
        error: z.string().max(256).optional(),
        cause: z.string().max(32_768).optional(),
      }),
      (input) => {
        const execution = findExecution(input.executionArn);
        stop(execution, input.error ?? null, input.cause ?? null);
        return { stopDate: seconds(findExecution(execution.arn).stoppedAt ?? engine.now()) };
      },
    ),

    DescribeExecution: operation(z.strictObject({ executionArn, includedData }), (input) =>
      describeExecution(findExecution(input.executionArn), input.includedData),
    ),

    ListExecutions: operation(
      z.strictObject({
        stateMachineArn: machineArn.optional(),
        mapRunArn: z.string().optional(),
        statusFilter: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']).optional(),
        maxResults,
        nextToken: z.string().optional(),
      }),
      (input) => {
        if ((input.stateMachineArn === undefined) === (input.mapRunArn === undefined))
          throw new AwsError(
            'ValidationException',
            'ListExecutions needs either stateMachineArn or mapRunArn',
          );
        const machine =
          input.stateMachineArn === undefined ? null : findMachine(input.stateMachineArn);
        const [startedAt, arn] = input.nextToken === undefined ? [] : decodeToken(input.nextToken);
        const limit = pageSize(input.maxResults);
        const found = executions.list({
          machineArn: machine?.arn ?? null,
          mapRunArn: input.mapRunArn ?? null,
          status: input.statusFilter ?? null,
          limit: limit + 1,
          before:
            startedAt === undefined || arn === undefined
              ? null
              : { startedAt: Number(startedAt), arn },
        });
        const page = found.slice(0, limit);
        const last = page.at(-1);
        return {
          executions: page.map(summarize),
          ...(found.length > limit && last
            ? { nextToken: encodeToken(String(last.startedAt), last.arn) }
            : {}),
        };
      },
    ),

    GetExecutionHistory: operation(
      z.strictObject({
        executionArn,
        maxResults,
        reverseOrder: z.boolean().default(false),
        includeExecutionData: z.boolean().default(true),
        nextToken: z.string().optional(),
      }),
      (input) => {
        const { arn } = findExecution(input.executionArn);
        const page = history.read(arn, {
          reverse: input.reverseOrder,
          from: input.nextToken === undefined ? null : Number(decodeToken(input.nextToken)[0]),
          limit: pageSize(input.maxResults),
        });
        return {
          events: page.events.map((event) => describeEvent(event, input.includeExecutionData)),
          ...(page.next === null ? {} : { nextToken: encodeToken(String(page.next)) }),
        };
      },
    ),

    ...mapRunOperations(engine),
  };
}

function checkInput(input: string): void {
  if (Buffer.byteLength(input) > maxPayloadBytes)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to ${maxPayloadBytes}`,
    );
  try {
    JSON.parse(input);
  } catch (error) {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    );
  }
}
