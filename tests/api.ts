import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ApiRun {
  readonly id: string;
  readonly status: string;
  readonly result: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly counts: Readonly<Record<'read' | 'written' | 'rejected' | 'deduplicated', number>>;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

/** A problem document that the API answered. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  constructor(what: string, status: number, body: Readonly<Record<string, unknown>>) {
    super(`${what}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export interface Api {
  call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>;
  upload(key: string, path: string, triggerSync: boolean): Promise<void>;
  /** Starts a run, or joins the one that waits, and follows it to its end. */
  runToEnd(key: string, request?: object): Promise<ApiRun>;
  finished(runId: string): Promise<ApiRun>;
  allFiles(key: string): Promise<readonly { readonly name: string; readonly status: string }[]>;
}

/** The HTTP API as tests call it: plain requests, so that nothing of ours stands between a test and an answer. */
export function apiOf(url: string, token: string): Api {
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    if (!response.ok)
      throw new ApiProblem(`${method} ${path}`, response.status, parsed as Record<string, unknown>);
    return parsed as Answer;
  };
  const finished = async (runId: string): Promise<ApiRun> => {
    for (;;) {
      const run = await call<ApiRun>('GET', `/v1/runs/${runId}`);
      if (run.status !== 'queued' && run.status !== 'running') return run;
      await sleep(25);
    }
  };
  return {
    call,
    finished,
    async upload(key, path, triggerSync) {
      const name = basename(path);
      const upload = await call<{ uploadId: string; url: string; fields: Record<string, string> }>(
        'POST',
        `/v1/sources/${key}/uploads`,
        { name },
      );
      const form = new FormData();
      for (const [field, value] of Object.entries(upload.fields)) form.append(field, value);
      form.append('file', await openAsBlob(path), name);
      const sent = await fetch(upload.url, { method: 'POST', body: form });
      if (!sent.ok) throw new Error(`upload: ${sent.status} ${await sent.text()}`);
      await call('POST', `/v1/sources/${key}/uploads/${upload.uploadId}/complete`, { triggerSync });
    },
    async runToEnd(key, request = {}) {
      const { runId } = await call<{ runId: string }>('POST', `/v1/sources/${key}/runs`, request);
      return finished(runId);
    },
    async allFiles(key) {
      const files: { name: string; status: string }[] = [];
      let cursor: string | null = null;
      do {
        const page: {
          data: { name: string; status: string }[];
          pagination: { nextCursor: string | null };
        } = await call(
          'GET',
          `/v1/sources/${key}/files?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        files.push(...page.data);
        cursor = page.pagination.nextCursor;
      } while (cursor !== null);
      return files;
    },
  };
}
