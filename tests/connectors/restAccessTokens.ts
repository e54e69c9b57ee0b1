import type { Context } from '../../shared/connectors/connector.ts';
import { createLog } from '../../shared/log.ts';
import { accessTokens } from '../../shared/oauth/accessTokens.ts';
import { headgateTable } from '../headgateTable.ts';
import type { Simulator } from '../simulators/simulator.ts';

/** Access tokens as a run has them, kept in a table of their own. */
export async function openAccessTokens(simulator: Simulator): Promise<
  AsyncDisposable & {
    /** Of one run; what another has in memory it does not know. */
    accessToken(): NonNullable<Context<unknown, unknown>['accessToken']>;
  }
> {
  const home = await headgateTable();
  const { clock } = simulator;
  return {
    accessToken: () =>
      accessTokens({
        table: home.table,
        tenant: 'acme',
        fetch: simulator.fetchWith(),
        now: clock.now,
        sleep: clock.sleep,
        signal: new AbortController().signal,
        log: createLog(() => undefined),
      }),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
