import type { FunctionSettings } from './functionSettings.ts';

export interface InvocationReport {
  readonly requestId: string;
  readonly milliseconds: number;
  /** 0 when it is not known. */
  readonly peakBytes: number;
  /** Null when the sandbox was warm. */
  readonly initMilliseconds: number | null;
  readonly errorType: string | null;
}

const mebibyte = 1024 * 1024;

/** The line Lambda ends each invocation with. */
export const reportLine = (
  settings: FunctionSettings,
  { requestId, milliseconds, peakBytes, initMilliseconds, errorType }: InvocationReport,
): string =>
  [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${milliseconds.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(milliseconds)} ms`,
    `Memory Size: ${settings.memoryMegabytes} MB`,
    ...(peakBytes > 0 ? [`Max Memory Used: ${Math.ceil(peakBytes / mebibyte)} MB`] : []),
    ...(initMilliseconds === null ? [] : [`Init Duration: ${initMilliseconds.toFixed(2)} ms`]),
    ...(errorType === null ? [] : [`Status: error\tError Type: ${errorType}`]),
  ].join('\t');
