/**
 * A Lambda with one process sandbox, to be killed:
 * `node holdLambdaProcess.ts <folder> <codeFolder> idle|sleeping|looping`. Prints the sandbox's pid.
 */
import { openLambda } from '../../../local/lambda/openLambda.ts';

const [, , folder = '', codeFolder = '', what = ''] = process.argv;
const lambda = openLambda({ folder, endpointUrl: () => 'http://127.0.0.1:1' });
lambda.register({
  name: 'f',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  codeFolder,
  handler: 'index.handler',
  environment: {},
  timeoutSeconds: 60,
  memoryMegabytes: 256,
  isolation: 'process',
});
const { signal } = new AbortController();
const pid = await lambda.invoke('f', { do: 'pid' }, { signal });
const busy = {
  idle: null,
  sleeping: { do: 'sleep', milliseconds: 60_000 },
  looping: { do: 'loop' },
};
const event = busy[what as keyof typeof busy];
if (event) void lambda.invoke('f', event, { signal });
setTimeout(() => process.stdout.write(`${pid}\n`), 100);
setInterval(() => undefined, 1000);
