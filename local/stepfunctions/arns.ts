import { randomUUID } from 'node:crypto';
import { localAccount } from '../localService.ts';

const prefix = `arn:aws:states:${localAccount.region}:${localAccount.accountId}`;

export const machineArnOf = (name: string): string => `${prefix}:stateMachine:${name}`;

/** The execution `name` of a machine; of a distributed Map's child the machine is `Machine/Label`. */
export const executionArnOf = (machineArn: string, name: string): string =>
  `${prefix}:execution:${machineArn.split(':').at(-1) ?? ''}:${name}`;

export const newMapRunArn = (machineArn: string, label: string): string =>
  `${prefix}:mapRun:${machineArn.split(':').at(-1) ?? ''}/${label}:${randomUUID()}`;

/** AWS: 1 to 80 characters, none of them blank, a bracket, a wildcard, or special. */
export const isExecutionName = (name: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: AWS names them.
  /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/.test(name);
