import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect } from 'vitest';
import { uniqueName } from '../conformance.ts';

export type States = Readonly<Record<string, object>>;

/** What a group of promises is given. */
export interface StepFunctionsUnderTest {
  client(): SFNClient;
  /** Creates a machine; given states only, it starts at the first. */
  create(states: States, rest?: object): Promise<string>;
  start(machineArn: string, input?: unknown, name?: string): Promise<string>;
  /** Waits until the execution has ended. */
  end(executionArn: string): Promise<DescribeExecutionCommandOutput>;
  /** Creates, starts and waits. */
  run(states: States, input?: unknown, rest?: object): Promise<DescribeExecutionCommandOutput>;
  /** The output of a run that must succeed. */
  output(states: States, input?: unknown): Promise<unknown>;
  history(executionArn: string): Promise<readonly HistoryEvent[]>;
  /** A function that does what its event says; see `behave`. */
  functionArn(): string;
}

/** A JSONata expression as it stands in a definition. */
export const query = (expression: string): string => `{% ${expression} %}`;

export function stepFunctionsUnderTest(
  client: () => SFNClient,
  functionArn: () => string,
): StepFunctionsUnderTest {
  const create: StepFunctionsUnderTest['create'] = async (states, rest = {}) => {
    const { stateMachineArn } = await client().send(
      new CreateStateMachineCommand({
        name: uniqueName('machine'),
        roleArn: 'arn:aws:iam::123456789012:role/conformance',
        definition: JSON.stringify({
          QueryLanguage: 'JSONata',
          StartAt: Object.keys(states)[0],
          States: states,
          ...rest,
        }),
      }),
    );
    return stateMachineArn!;
  };
  const start: StepFunctionsUnderTest['start'] = async (stateMachineArn, input = {}, name) => {
    const { executionArn } = await client().send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name }),
    );
    return executionArn!;
  };
  const end: StepFunctionsUnderTest['end'] = async (executionArn) => {
    let described: DescribeExecutionCommandOutput | undefined;
    await expect
      .poll(
        async () => {
          described = await client().send(new DescribeExecutionCommand({ executionArn }));
          return described.status;
        },
        { interval: 10, timeout: 15_000 },
      )
      .not.toBe('RUNNING');
    return described!;
  };
  const run: StepFunctionsUnderTest['run'] = async (states, input, rest) =>
    await end(await start(await create(states, rest), input));
  return {
    client,
    create,
    start,
    end,
    run,
    functionArn,
    async output(states, input) {
      const { status, output, error, cause } = await run(states, input);
      expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
      return JSON.parse(output!);
    },
    async history(executionArn) {
      const events: HistoryEvent[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client().send(
          new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken }),
        );
        events.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return events;
    },
  };
}

export const typesOf = (events: readonly HistoryEvent[]): readonly string[] =>
  events.map(({ type }) => type!);
