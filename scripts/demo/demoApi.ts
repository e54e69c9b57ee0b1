import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoSource } from './demoSources.ts';

/** The parts of the API's answers that the demo shows. */
export interface DemoRun {
  readonly id: string;
  readonly status: string;
  readonly result: string | null;
  readonly error: { readonly message: string } | null;
  readonly counts: {
    readonly read: number;
    readonly written: number;
    readonly rejected: number;
    readonly deduplicated: number;
  };
  readonly progress: { readonly rows: number } | null;
  readonly durationSeconds: number | null;
  readonly costUsd: number;
}
interface Upload {
  readonly uploadId: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}
export type DemoRows = readonly Readonly<Record<string, unknown>>[];

export interface DemoApi {
  ensureSource(source: DemoSource): Promise<void>;
  hasFile(key: string, name: string): Promise<boolean>;
  upload(key: string, path: string): Promise<void>;
  /** Starts a run and waits for its end. */
  run(key: string, onProgress: (rows: number) => void): Promise<DemoRun>;
  preview(key: string, limit: number): Promise<DemoRows>;
  rejects(key: string): Promise<DemoRows>;
}

/** The demo does what any program would: HTTP calls with a token. Throws with the problem's own words. */
export function demoApi(url: string, token: string, signal: AbortSignal): DemoApi {
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await ask(method, path, body);
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  const finished = async (runId: string, onProgress: (rows: number) => void): Promise<DemoRun> => {
    for (;;) {
      const run = await call<DemoRun>('GET', `/v1/runs/${runId}`);
      if (run.status !== 'queued' && run.status !== 'running') return run;
      onProgress(run.progress?.rows ?? 0);
      await sleep(100, undefined, { signal });
    }
  };
  return {
    async ensureSource({ key, name, connector }) {
      const found = await ask('GET', `/v1/sources/${key}`);
      if (found.ok) return;
      await call('POST', '/v1/sources', { key, name, connector, status: 'active' });
    },
    async hasFile(key, name) {
      const page = await call<{ data: { name: string; status: string }[] }>(
        'GET',
        `/v1/sources/${key}/files?limit=200`,
      );
      return page.data.some((file) => file.name === name && file.status !== 'file_deleted');
    },
    async upload(key, path) {
      const name = basename(path);
      const upload = await call<Upload>('POST', `/v1/sources/${key}/uploads`, { name });
      const form = new FormData();
      for (const [field, value] of Object.entries(upload.fields)) form.append(field, value);
      form.append('file', await openAsBlob(path), name);
      const sent = await fetch(upload.url, { method: 'POST', body: form, signal });
      if (!sent.ok) throw new Error(`upload of ${name}: ${sent.status} ${await sent.text()}`);
      await call('POST', `/v1/sources/${key}/uploads/${upload.uploadId}/complete`, {
        triggerSync: false,
      });
    },
    async run(key, onProgress) {
      const { runId } = await call<{ runId: string }>('POST', `/v1/sources/${key}/runs`, {});
      return finished(runId, onProgress);
    },
    async preview(key, limit) {
      return (await call<{ rows: DemoRows }>('GET', `/v1/sources/${key}/preview?limit=${limit}`))
        .rows;
    },
    async rejects(key) {
      return (await call<{ rows: DemoRows }>('GET', `/v1/sources/${key}/rejects?limit=10`)).rows;
    },
  };
}
