/**
 * The ingest state machine: Standard, JSONata, plain data, so that CDK, the local interpreter and tests read
 * the same thing. `${…}` are filled in by CloudFormation's DefinitionSubstitutions.
 *
 * A small run enters three states: Ingest, Next, Commit. Ingest's input is the execution's input, with `seq`
 * and `checkpoint` moved on by each commit of a part; there are no variables.
 *
 * Large work fans out: FANOUT → CommitBeforeUnits → Units → Ingest, whose checkpoint says that it has to collect.
 * Each unit is a child execution with a loop of its own. A Map that fails comes back to Ingest too: only Ingest
 * knows which units are done, why one failed, and whether other streams go on.
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

/** One connector's function. */
const ingestFunction = jsonata("'${IngestFunctionArnPrefix}' & $states.input.connector");

const commit = (rest: object): object =>
  invoke('${CommitFunctionArn}', "$merge([$states.input.run, {'answer': $states.input.answer}])", {
    Catch: catchInto('$states.input.run'),
    ...rest,
  });

/** Input of the next Ingest: the run, the next commit's number, where to go on. */
const nextIngest = jsonata(
  "$merge([$states.input.run, {'seq': $states.result.Payload.seq, 'checkpoint': $states.input.answer.checkpoint}])",
);

/** A unit's next invocation. */
const nextUnit = jsonata(
  "$merge([$states.input.unit, {'checkpoint': $states.input.answer.checkpoint}])",
);

/**
 * What one unit's child execution does. What it loaded are objects that it wrote; its output only counts. It holds
 * no lock and commits nothing. A child sees nothing of its parent but what ItemSelector gives it.
 */
const unitProcessor = {
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'Unit',
  States: {
    Unit: invoke(ingestFunction, "$merge([$states.input, {'op': 'unit'}])", {
      Output: jsonata("{'unit': $states.input, 'answer': $states.result.Payload}"),
      Next: 'UnitNext',
    }),
    UnitNext: {
      Type: 'Choice',
      Choices: [
        {
          Condition: jsonata("$states.input.answer.kind = 'CONTINUE'"),
          Output: nextUnit,
          Next: 'Unit',
        },
        { Condition: jsonata("$states.input.answer.kind = 'PARK'"), Next: 'UnitPark' },
      ],
      Default: 'UnitDone',
    },
    UnitPark: {
      Type: 'Wait',
      Timestamp: jsonata('$states.input.answer.until'),
      Output: nextUnit,
      Next: 'Unit',
    },
    UnitDone: { Type: 'Succeed', Output: jsonata('$states.input.answer') },
  },
};

const ofItem = (name: string): string => jsonata(`$states.context.Map.Item.Value.${name}`);
const ofRun = (name: string): string => jsonata(`$states.input.next.${name}`);

/** Items and results lie in S3: neither the number of units nor what they say is bounded by a payload. */
const units = {
  Type: 'Map',
  Label: 'Units',
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType: 'JSONL' },
    Arguments: { Bucket: '${LakeBucket}', Key: jsonata('$states.input.answer.itemsKey') },
  },
  ItemSelector: {
    v: 1,
    tenant: ofRun('tenant'),
    sourceId: ofRun('sourceId'),
    runId: ofRun('runId'),
    token: ofRun('token'),
    connector: ofRun('connector'),
    seq: ofRun('seq'),
    planKey: jsonata('$states.input.answer.planKey'),
    unit: ofItem('unit'),
    from: ofItem('from'),
    to: ofItem('to'),
    checkpoint: null,
  },
  MaxConcurrency: jsonata('$states.input.answer.concurrency'),
  ToleratedFailureCount: 0,
  ItemProcessor: unitProcessor,
  ResultWriter: {
    Resource: 'arn:aws:states:::s3:putObject',
    Arguments: {
      Bucket: '${LakeBucket}',
      Prefix: jsonata(
        "'runs/' & $states.input.next.tenant & '/' & $states.input.next.runId & '/map'",
      ),
    },
    WriterConfig: { OutputType: 'JSONL', Transformation: 'COMPACT' },
  },
  Output: jsonata('$states.input.next'),
  Catch: [
    {
      ErrorEquals: ['States.ALL'],
      Output: jsonata(
        "$merge([$states.input.next, {'checkpoint': $merge([$states.input.next.checkpoint, {'fault': {'error': $states.errorOutput.Error, 'cause': $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''}}])}])",
      ),
      Next: 'Ingest',
    },
  ],
  Next: 'Ingest',
};

export const stateMachine = {
  Comment: 'Headgate ingest, version 1',
  QueryLanguage: 'JSONata',
  StartAt: 'Ingest',
  States: {
    Ingest: invoke(ingestFunction, "$merge([$states.input, {'op': 'ingest'}])", {
      Output: jsonata("{'run': $states.input, 'answer': $states.result.Payload}"),
      Catch: catchInto('$states.input'),
      Next: 'Next',
    }),
    Next: {
      Type: 'Choice',
      Choices: [
        { Condition: jsonata("$states.input.answer.kind = 'CONTINUE'"), Next: 'CommitPart' },
        { Condition: jsonata("$states.input.answer.kind = 'PARK'"), Next: 'CommitBeforePark' },
        { Condition: jsonata("$states.input.answer.kind = 'FANOUT'"), Next: 'CommitBeforeUnits' },
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
    /** Streams read before are durable before the units start. */
    CommitBeforeUnits: commit({
      Output: jsonata(
        "{'answer': $states.input.answer, 'next': $merge([$states.input.run, {'seq': $states.result.Payload.seq, 'checkpoint': $states.input.answer.checkpoint}])}",
      ),
      Next: 'Units',
    }),
    Units: units,
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
