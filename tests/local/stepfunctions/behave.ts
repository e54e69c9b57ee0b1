import { type InvokeFunction, LambdaFunctionError } from '../../../local/localService.ts';
import { AwsError } from '../../../local/protocol/awsError.ts';

export const behavingFunctionArn = 'arn:aws:lambda:us-east-1:000000000000:function:behave';

interface Behaviour {
  readonly do: string;
  readonly value?: unknown;
  readonly name?: string;
  readonly message?: string;
  readonly names?: readonly string[];
  readonly key?: string;
  readonly milliseconds?: number;
  readonly bytes?: number;
}

/** A function that does what its event says. */
export function behave(): InvokeFunction {
  const turns = new Map<string, number>();
  const fail = (name: string, message: string): never => {
    const payload = { errorType: name, errorMessage: message, trace: [] };
    throw new LambdaFunctionError(name, message, JSON.stringify(payload));
  };
  return async (functionName, payload) => {
    if (functionName !== behavingFunctionArn)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${functionName}`, {
        status: 404,
      });
    const event = payload as Behaviour;
    const { key = '', name = 'Error', message = '', names = [] } = event;
    switch (event.do) {
      case 'echo':
        return event.value;
      case 'fail':
        return fail(name, message);
      case 'fail in turn': {
        const turn = turns.get(key) ?? 0;
        turns.set(key, turn + 1);
        const error = names[turn];
        return error === undefined ? turn : fail(error, message);
      }
      case 'sleep':
        await new Promise((resolve) => setTimeout(resolve, event.milliseconds));
        return null;
      case 'bytes':
        return 'x'.repeat(event.bytes ?? 0);
      default:
        throw new Error(`no behaviour ${event.do}`);
    }
  };
}
