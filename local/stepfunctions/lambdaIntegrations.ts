import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Json, json } from '../../shared/json.ts';
import { type InvokeFunction, LambdaFunctionError } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import type { Integration, TaskContext } from './engine.ts';
import { StateError } from './stateError.ts';

const invokeArguments = z.strictObject({
  FunctionName: z.string(),
  Payload: json.default({}),
  InvocationType: z.literal('RequestResponse').optional(),
  Qualifier: z.string().optional(),
});

/** `arn:aws:states:::lambda:invoke`: the result holds the function's answer under `Payload`. */
export const lambdaInvoke =
  (invoke: InvokeFunction): Integration =>
  async (args, context) => {
    const parsed = invokeArguments.safeParse(args);
    if (!parsed.success)
      throw new StateError('States.Runtime', `lambda:invoke: ${z.prettifyError(parsed.error)}`);
    const { FunctionName, Payload } = parsed.data;
    const payload = await call(invoke, FunctionName, Payload, context);
    return {
      ExecutedVersion: '$LATEST',
      Payload: payload,
      SdkHttpMetadata: { HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: randomUUID() },
      StatusCode: 200,
    };
  };

/** A function's ARN as the Resource: its arguments are the event, its answer is the result. */
export const lambdaFunction =
  (invoke: InvokeFunction, functionArn: string): Integration =>
  async (args, context) =>
    await call(invoke, functionArn, args, context);

async function call(
  invoke: InvokeFunction,
  functionName: string,
  payload: Json,
  { signal }: TaskContext,
): Promise<Json> {
  try {
    return (await invoke(functionName, payload, { signal })) as Json;
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof LambdaFunctionError) throw new StateError(error.name, error.payload);
    if (error instanceof AwsError)
      throw new StateError(
        `Lambda.${error.type}`,
        `${error.message} (Service: Lambda, Status Code: ${error.status})`,
      );
    throw new StateError(
      'Lambda.SdkClientException',
      error instanceof Error ? error.message : String(error),
    );
  }
}
