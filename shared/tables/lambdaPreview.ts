import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { HeadgateError } from '../errors.ts';
import { type PreviewAnswer, type PreviewInput, previewAnswer } from '../lake/previewProtocol.ts';

/** The preview function gives up after 22 s itself; this is for one that does not. */
const waitMilliseconds = 25_000;

/** Asks the preview function, which may read the lake; the API may not. */
export const lambdaPreview =
  (client: LambdaClient, functionName: string) =>
  async (input: PreviewInput, signal: AbortSignal): Promise<PreviewAnswer> => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(waitMilliseconds)]);
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(input) }),
        { abortSignal: limited },
      );
      if (FunctionError !== undefined)
        throw new Error('the preview function failed; its log says why');
      return previewAnswer.parse(JSON.parse(Payload?.transformToString() ?? 'null'));
    } catch (error) {
      if (!limited.aborted) throw error;
      throw new HeadgateError('service_unavailable', 'The rows could not be read in time.', {
        cause: error,
      });
    }
  };
