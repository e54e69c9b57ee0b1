import type { Api, ApiRun } from '../api.ts';

interface RunLog {
  readonly entries: readonly {
    readonly message: string;
    readonly facts?: { readonly phase?: string; readonly units?: number };
  }[];
}

/** How many units a run's rows were read by, side by side; 1 where they were read in one go. */
export async function unitsOf(api: Api, { id }: ApiRun): Promise<number> {
  const { entries } = await api.call<RunLog>('GET', `/v1/runs/${id}/log`);
  const shared = entries.findLast(
    ({ message, facts }) => message === 'sharing out a stream' && facts?.phase === 'load',
  );
  return shared?.facts?.units ?? 1;
}
