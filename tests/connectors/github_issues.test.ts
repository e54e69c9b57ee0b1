import { afterAll, describe, expect, it } from 'vitest';
import githubIssues from '../../connectors/github_issues.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startGitHub } from '../simulators/github.ts';
import { describeConnector } from './conformance.ts';
import {
  expectHeldToDescription,
  readAll,
  restContext,
  surroundingsOf,
  unreachable,
} from './restExample.ts';
import { describeRestFaults } from './restFaults.ts';

const github = await startGitHub();
afterAll(async () => {
  expectHeldToDescription(github);
  await github[Symbol.asyncDispose]();
});

const connector = githubIssues as Connector;
const config = { owner: 'acme', repository: 'headgate' };
const credentials = { accessToken: github.token };
const stream = { name: 'issues', primaryKey: ['id'], cursorField: 'updated_at' };
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['title']} ${row['updated_at']}`;
const told = (): readonly string[] => github.issues().map(identify);
const context = () => restContext(connector, github, { config, credentials });

for (let index = 0; index < 250; index += 1) {
  github.create(`Issue ${index}`);
  if (index % 4 === 0) github.clock.advance(1500);
}
github.clock.advance(3_600_000);

describeConnector({
  connector,
  config,
  credentials,
  surroundings: () => surroundingsOf(github),
  stream: { ...stream, columns: null },
  identify,
  expected: told(),
  add: async () => {
    // One second for all: a migration.
    const added = Array.from({ length: 230 }, (_, index) => github.create(`Late ${index}`));
    github.clock.advance(3_600_000);
    return added.map(identify);
  },
  refusals: [
    {
      title: 'a wrong token',
      credentials: { accessToken: 'github_pat_canary_wrong' },
      code: 'invalid_credentials',
      says: /Make a new token/,
    },
    {
      title: 'a token that may not read issues',
      credentials: { accessToken: github.tokenWithoutIssues },
      code: 'source_forbidden',
      says: /read permission for issues/,
    },
    {
      title: 'a repository that is not there',
      config: { repository: 'nothing' },
      code: 'source_not_found',
      says: /owner and repository/,
    },
    {
      title: 'an API that does not answer',
      surroundings: () => unreachable(github),
      code: 'source_unreachable',
      says: /answer/,
    },
  ],
  throttled: () => surroundingsOf(github),
});

describeRestFaults({
  connector,
  simulator: github,
  config,
  credentials,
  stream,
  identify,
  expected: told,
  path: '/issues',
});

describe('GitHub issues', () => {
  it('reads what changed since, and nothing the next time', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first] = github.issues();
    github.update(first!.id, 'Changed');
    github.clock.advance(60_000);
    const changes = await readAll(connector, context(), stream, checkpoint);
    expect(changes.rows.map(({ id, title, author }) => [id, title, author])).toEqual([
      [first!.id, 'Changed', 'ada'],
    ]);
    const again = await readAll(connector, context(), stream, changes.checkpoint);
    expect(again.rows).toEqual([]);
  });

  it('waits until the second at which GitHub takes requests again', async () => {
    const before = github.clock.now().getTime();
    const reset = Math.ceil(before / 1000) + 20;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    github.fail({ kind: 'status', status: 403, headers }, 1, '/issues');
    await readAll(connector, context(), stream);
    expect(github.clock.now().getTime()).toBeGreaterThanOrEqual(reset * 1000);
  });

  it('takes no repository that is a path', () => {
    for (const wrong of ['..', 'a/b', 'a?b', ''])
      expect(connector.config.safeParse({ ...config, repository: wrong }).success).toBe(false);
  });
});
