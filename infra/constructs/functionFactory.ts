import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../shared/env.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { allowDataKey } from '../grants.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/dataStack.ts';
import { type Environment, HeadgateFunction } from './headgateFunction.ts';

export interface FactoryProps {
  readonly settings: Settings;
  readonly code: FunctionCode;
  readonly data: DataStack;
}

export interface FunctionOptions<Name extends FunctionName> {
  readonly environment: Environment<Name>;
  /** @default 512 */
  readonly memoryMegabytes?: number;
  /** @default 1 minute */
  readonly timeout?: Duration;
  readonly reservedConcurrency?: number;
}

/** Makes a stack's functions other than Ingest: named after the stage and their folder, with the data key. */
export class FunctionFactory {
  readonly #scope: Construct;
  readonly #props: FactoryProps;

  constructor(scope: Construct, props: FactoryProps) {
    this.#scope = scope;
    this.#props = props;
  }

  make<Name extends Exclude<FunctionName, 'ingest'>>(
    name: Name,
    description: string,
    options: FunctionOptions<Name>,
  ): HeadgateFunction<Name> {
    const { settings, code, data } = this.#props;
    const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const function_ = new HeadgateFunction<Name>(this.#scope, id, {
      settings,
      code,
      entry: name,
      kind: name,
      functionName: `${namesOf(settings.stage).prefix}-${name}`,
      description,
      memoryMegabytes: 512,
      timeout: Duration.minutes(1),
      ...options,
    });
    allowDataKey(function_, data);
    return function_;
  }
}
