/**
 * The ingest state machine: Standard, JSONata, plain data, so that CDK, the local interpreter and tests read
 * the same thing. `${…}` are filled in by CloudFormation's DefinitionSubstitutions.
 *
 * A small run enters three states: Ingest, Next, Commit. Ingest's input is the execution's input, with `seq`
 * and `checkpoint` moved on by each commit of a part; there are no variables.
 */
const jsonata = (expression: string): string => `{% ${expression} %}`;

/** The longest a Lambda function may run, plus half a minute. */
const taskTimeoutSeconds = 930;

/** Crashes of the platform, and failures of ours that may pass. Nothing below this layer retries a step. */
const retry = [
  {
    ErrorEquals: [
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
      'Lambda.ClientExecutionTimeoutException',
      'Lambda.Unknown',
      'Runtime.ExitError',
      'Sandbox.Timedout',
      'States.Timeout',
      'RetriableError',
    ],
    IntervalSeconds: 2,
    MaxAttempts: 3,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    JitterStrategy: 'FULL',
  },
];

/** Any failure that retries did not mend goes to Fail, with the run it belongs to. */
const catchInto = (run: string): object[] => [
  {
    ErrorEquals: ['States.ALL'],
    Output: jsonata(
      `$merge([${run}, {'error': $states.errorOutput.Error, 'cause': $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''}])`,
    ),
    Next: 'Fail',
  },
];

const invoke = (functionArn: string, payload: string, rest: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionArn, Payload: jsonata(payload) },
  TimeoutSeconds: taskTimeoutSeconds,
  Retry: retry,
  ...rest,
});

const commit = (rest: object): object =>
  invoke('${CommitFunctionArn}', "$merge([$states.input.run, {'answer': $states.input.answer}])", {
    Catch: catchInto('$states.input.run'),
    ...rest,
  });

/** Input of the next Ingest: the run, the next commit's number, where to go on. */
const nextIngest = jsonata(
  "$merge([$states.input.run, {'seq': $states.result.Payload.seq, 'checkpoint': $states.input.answer.checkpoint}])",
);

export const stateMachine = {
  Comment: 'Headgate ingest, version 1',
  QueryLanguage: 'JSONata',
  StartAt: 'Ingest',
  States: {
    Ingest: invoke(
      jsonata("'${IngestFunctionArnPrefix}' & $states.input.connector"),
      "$merge([$states.input, {'op': 'ingest'}])",
      {
        Output: jsonata("{'run': $states.input, 'answer': $states.result.Payload}"),
        Catch: catchInto('$states.input'),
        Next: 'Next',
      },
    ),
    Next: {
      Type: 'Choice',
      Choices: [
        { Condition: jsonata("$states.input.answer.kind = 'CONTINUE'"), Next: 'CommitPart' },
        { Condition: jsonata("$states.input.answer.kind = 'PARK'"), Next: 'CommitBeforePark' },
      ],
      Default: 'Commit',
    },
    CommitPart: commit({ Output: nextIngest, Next: 'Ingest' }),
    /** Also lengthens the lease until the end of the wait. */
    CommitBeforePark: commit({
      Output: jsonata(
        "{'until': $states.input.answer.until, 'next': $merge([$states.input.run, {'seq': $states.result.Payload.seq, 'checkpoint': $states.input.answer.checkpoint}])}",
      ),
      Next: 'Park',
    }),
    Park: {
      Type: 'Wait',
      Timestamp: jsonata('$states.input.until'),
      Output: jsonata('$states.input.next'),
      Next: 'Ingest',
    },
    Commit: commit({ Output: jsonata('$states.result.Payload'), End: true }),
    Fail: invoke('${FailFunctionArn}', '$states.input', {
      Output: jsonata('$states.input'),
      Next: 'Failed',
    }),
    Failed: {
      Type: 'Fail',
      Error: jsonata('$states.input.error'),
      Cause: jsonata('$states.input.cause'),
    },
  },
};
