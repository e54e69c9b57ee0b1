import type { Json } from '../../shared/json.ts';
import type { Variables } from './frames.ts';

/** How a flow leaves a state. */
export interface Exit {
  /** Null at the end of the flow. */
  readonly next: string | null;
  readonly output: Json;
  readonly assign: Variables;
}
