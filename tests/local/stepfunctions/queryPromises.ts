import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { query, type StepFunctionsUnderTest, typesOf } from './underTest.ts';

/** JSONata: what expressions see, compute and may not do. */
export function queryPromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const { run, output, history } = under;
  const evaluate = async (expression: string, input: unknown = {}): Promise<unknown> =>
    await output({ A: { Type: 'Pass', Output: query(expression), End: true } }, input);
  const failure = async (expression: string): Promise<{ error?: string; cause?: string }> => {
    const { status, error, cause, executionArn } = await run({
      A: { Type: 'Pass', Output: { rows: query(expression) }, End: true },
    });
    expect(status).toBe('FAILED');
    const failed = (await history(executionArn!)).find(({ type }) => type === 'EvaluationFailed');
    expect(failed!.evaluationFailedEventDetails).toMatchObject({
      state: 'A',
      location: 'Output/rows',
      error: 'States.QueryEvaluationError',
    });
    return { ...(error && { error }), ...(cause && { cause }) };
  };

  promise('expressions stand anywhere in a template and see the input', async () => {
    expect(
      await output(
        {
          A: {
            Type: 'Pass',
            Output: {
              sum: query('$sum($states.input.rows.n)'),
              list: [query('$states.input.name'), 'plain {% text', 5],
              nested: { key: query("{'a': $states.input.missing, 'b': 1}") },
            },
            End: true,
          },
        },
        { rows: [{ n: 1 }, { n: 2 }], name: 'x' },
      ),
    ).toEqual({ sum: 3, list: ['x', 'plain {% text', 5], nested: { key: { b: 1 } } });
  });

  promise('expressions see the execution, the machine and the state', async () => {
    const machine = await under.create({
      A: { Type: 'Pass', Output: query('$states.context'), End: true },
    });
    const arn = await under.start(machine, { a: 1 }, 'named');
    const context = JSON.parse((await under.end(arn)).output!);
    expect(context).toMatchObject({
      Execution: { Id: arn, Name: 'named', Input: { a: 1 } },
      StateMachine: { Id: machine, Name: machine.split(':').at(-1) },
      State: { Name: 'A', RetryCount: 0 },
    });
    expect(Date.parse(context.Execution.StartTime)).not.toBeNaN();
    expect(Date.parse(context.State.EnteredTime)).not.toBeNaN();
  });

  promise('the functions Step Functions adds are there', async () => {
    expect(await evaluate('$partition([1,2,3,4,5], 2)')).toEqual([[1, 2], [3, 4], [5]]);
    expect(await evaluate('$range(1, 10, 3)')).toEqual([1, 4, 7, 10]);
    expect(await evaluate('$range(3, 1, -1)')).toEqual([3, 2, 1]);
    expect(await evaluate("$hash('a', 'SHA-256')")).toBe(
      'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    );
    expect(await evaluate("$hash('a', 'MD5')")).toBe('0cc175b9c0f1b6a831c399e269772661');
    expect(await evaluate('$parse(\'{"a":[1]}\')')).toEqual({ a: [1] });
    expect(await evaluate('$uuid()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    expect(await evaluate('$random(7) = $random(7)')).toBe(true);
    expect(await evaluate('$random() < 1 and $random() >= 0')).toBe(true);
  });

  promise('a state fails when an expression gives nothing', async () => {
    const { error, cause } = await failure('$states.input.missing');
    expect(error).toBe('States.QueryEvaluationError');
    expect(cause).toContain("the state 'A' (entered at the event id #2)");
    expect(cause).toContain("'$states.input.missing'");
    expect(cause).toContain("'Output/rows' returned nothing (undefined)");
  });

  promise('a state fails when an expression fails, or gives what JSON cannot hold', async () => {
    expect(await failure("$number('x')")).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(await failure("$error('told so')")).toMatchObject({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining('told so'),
    });
    for (const expression of ['function($x){$x}', '1/0', '$sum', "$hash('a', 'SHA-3')"])
      expect(await failure(expression)).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  promise('an expression that does not come to an end is ended', async () => {
    expect(await failure('($f := function($n) { $f($n) }; $f(1))')).toMatchObject({
      error: 'States.QueryEvaluationError',
    });
  });

  promise('a condition that is no boolean fails the Choice', async () => {
    const choice = (condition: string) => ({
      A: { Type: 'Choice', Choices: [{ Condition: query(condition), Next: 'B' }], Default: 'B' },
      B: { Type: 'Succeed' },
    });
    expect(await run(choice("'true'"))).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(await run(choice('$states.input.missing'))).toMatchObject({
      error: 'States.QueryEvaluationError',
    });
    expect(await run(choice('1 = 1'))).toMatchObject({ status: 'SUCCEEDED' });
  });

  promise('seconds must be whole and not negative, a timestamp must be one', async () => {
    const wait = (field: object) => ({ A: { Type: 'Wait', ...field, End: true } });
    for (const field of [
      { Seconds: query('1.5') },
      { Seconds: query('-1') },
      { Seconds: query("'1'") },
      { Timestamp: query("'tomorrow'") },
    ])
      expect(await run(wait(field))).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(await run(wait({ Seconds: query('0') }))).toMatchObject({ status: 'SUCCEEDED' });
  });

  promise('variables are assigned together, from their old values, and last', async () => {
    expect(
      await output({
        A: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'B' },
        B: {
          Type: 'Pass',
          Assign: { a: query('$b'), b: query('$a') },
          Output: query('[$a, $b]'),
          Next: 'C',
        },
        C: {
          Type: 'Pass',
          Output: query("{'before': $states.input, 'after': [$a, $b]}"),
          End: true,
        },
      }),
    ).toEqual({ before: [1, 2], after: [2, 1] });
  });

  promise('a branch sees the variables around it and keeps its own', async () => {
    expect(
      await output({
        A: { Type: 'Pass', Assign: { outer: 1 }, Next: 'B' },
        B: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'C',
              States: {
                C: { Type: 'Pass', Assign: { inner: query('$outer + 1') }, Next: 'D' },
                D: { Type: 'Pass', Output: query('[$outer, $inner]'), End: true },
              },
            },
          ],
          Next: 'E',
        },
        E: {
          Type: 'Pass',
          Output: query("{'branch': $states.input[0], 'seen': $exists($inner)}"),
          End: true,
        },
      }),
    ).toEqual({ branch: [1, 2], seen: false });
  });

  promise('a Map selects items and knows where it is', async () => {
    const body = {
      StartAt: 'B',
      States: {
        B: {
          Type: 'Pass',
          Output: query("$states.input & ' ' & $states.context.Map.Item.Index"),
          End: true,
        },
      },
    };
    expect(
      await output(
        {
          A: {
            Type: 'Map',
            Items: query('$states.input.names'),
            ItemSelector: query('$uppercase($states.context.Map.Item.Value) & $states.input.mark'),
            ItemProcessor: body,
            Output: query('$count($states.result) > 1 ? $states.result : []'),
            End: true,
          },
        },
        { names: ['a', 'b'], mark: '!' },
      ),
    ).toEqual(['A! 0', 'B! 1']);
  });

  promise('a Map over an object gives keys and values', async () => {
    const selected = await output(
      {
        A: {
          Type: 'Map',
          ItemSelector: query(
            "$states.context.Map.Item.Key & '=' & $states.context.Map.Item.Value",
          ),
          ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } },
          End: true,
        },
      },
      { a: 1, b: 2 },
    );
    expect(selected).toEqual(['a=1', 'b=2']);
  });

  promise('an output over 256 KiB fails, and States.ALL does not catch that', async () => {
    const big = { Type: 'Pass', Output: query("$pad('', 262145, 'x')"), End: true };
    expect(await run({ A: big })).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    });
    const caught = await run({
      A: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: big } }],
        Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 5, IntervalSeconds: 60 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
        End: true,
      },
      C: { Type: 'Succeed' },
    });
    expect(caught).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect(typesOf(await history(caught.executionArn!))).not.toContain('SucceedStateEntered');
  });

  promise('a failed evaluation can be caught', async () => {
    const states = {
      A: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'B',
            States: { B: { Type: 'Pass', Output: query('$states.input.none'), End: true } },
          },
        ],
        Catch: [
          {
            ErrorEquals: ['States.QueryEvaluationError'],
            Output: query('$states.errorOutput.Error'),
            Assign: { cause: query('$states.errorOutput.Cause') },
            Next: 'C',
          },
        ],
        End: true,
      },
      C: { Type: 'Pass', Output: query("[$states.input, $contains($cause, 'none')]"), End: true },
    };
    expect(await output(states)).toEqual(['States.QueryEvaluationError', true]);
  });
}
