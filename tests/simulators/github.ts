import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';

export type GitHubIssue = { readonly [name: string]: Json } & {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly updated_at: string;
};

/** One repository with issues. */
export interface GitHubSimulator extends Simulator {
  create(title: string): GitHubIssue;
  update(id: number, title: string): void;
  issues(): readonly GitHubIssue[];
  readonly token: string;
  readonly tokenWithoutIssues: string;
}

const failure = (status: number, message: string): Answer => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});

export async function startGitHub(clock: Clock = createClock()): Promise<GitHubSimulator> {
  let issues: GitHubIssue[] = [];
  const token = 'github_pat_canary1';
  const tokenWithoutIssues = 'github_pat_canary2';
  // Whole seconds, as GitHub writes them.
  const now = (): string =>
    clock
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');

  function list({ query, path }: SimulatedRequest): Answer {
    const since = query.get('since');
    const all = issues
      .filter(({ updated_at }) => since === null || Date.parse(updated_at) >= Date.parse(since))
      .sort((a, b) => a.updated_at.localeCompare(b.updated_at) || a.id - b.id);
    const size = Math.min(100, Number(query.get('per_page') ?? 30));
    const page = Number(query.get('page') ?? 1);
    const next = new URLSearchParams(query);
    next.set('page', String(page + 1));
    const link = `<https://api.github.com${path}?${next}>; rel="next", <https://api.github.com${path}>; rel="last"`;
    return {
      body: all.slice((page - 1) * size, page * size),
      headers: page * size < all.length ? { link } : {},
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://api.github.com'],
      check: null,
      throttled: (wait) => ({
        ...failure(403, 'API rate limit exceeded'),
        headers: { 'retry-after': String(wait), 'x-ratelimit-remaining': '0' },
      }),
      refuse: ({ headers }) => {
        const given = headers.get('authorization');
        if (given === `Bearer ${tokenWithoutIssues}`)
          return failure(403, 'Resource not accessible by personal access token');
        return given === `Bearer ${token}` ? null : failure(401, 'Bad credentials');
      },
      routes: [
        {
          method: 'GET',
          path: '/repos/{owner}/{repository}/issues',
          answer: (request) =>
            request.parameters['repository'] === 'headgate'
              ? list(request)
              : failure(404, 'Not Found'),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    token,
    tokenWithoutIssues,
    issues: () => issues,
    create: (title: string) => {
      const number = issues.length + 1;
      const made: GitHubIssue = {
        id: 2_000_000_000 + number * 7919,
        number,
        title,
        state: 'open',
        state_reason: null,
        body: null,
        user: { login: 'ada', id: 1 },
        labels: [{ name: 'bug' }],
        assignees: [],
        milestone: null,
        locked: false,
        comments: 0,
        html_url: `https://github.com/acme/headgate/issues/${number}`,
        created_at: now(),
        updated_at: now(),
        closed_at: null,
        author_association: 'OWNER',
      };
      issues = [...issues, made];
      return made;
    },
    update: (id: number, title: string) => {
      issues = issues.map((issue) =>
        issue.id === id ? { ...issue, title, updated_at: now() } : issue,
      );
    },
  });
}
