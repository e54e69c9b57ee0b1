import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('says whether there is an emulator of BigQuery, and why not', async () => {
  const said = await promisify(execFile)('bash', ['.ci/engines/bigqueryEmulator.sh']).then(
    ({ stdout }) => ({ code: 0, last: stdout.trim() }),
    (error: { code?: number; stderr?: string }) => ({
      code: error.code,
      last: error.stderr?.trim().split('\n').at(-1) ?? '',
    }),
  );
  console.log(
    said.code === 0
      ? 'an emulator of BigQuery is here, with which the connector has not been compared yet'
      : `${said.last}: the connector ran against a simulator only`,
  );
  expect(said).toEqual(
    said.code === 0
      ? { code: 0, last: expect.stringMatching(/\/bigquery-emulator$/) }
      : { code: 3, last: expect.stringMatching(/^no BigQuery emulator: \S/) },
  );
}, 700_000);
