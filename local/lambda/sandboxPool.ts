import { tooManyRequests } from './lambdaErrors.ts';
import type { Sandbox } from './sandbox.ts';

export interface SandboxPoolOptions {
  readonly open: () => Sandbox;
  /** Invocations beyond it wait. */
  readonly maxSandboxes: number;
  /** Invocations beyond it are refused. */
  readonly reservedConcurrency: number | undefined;
  /** A warm sandbox nobody used for this long is ended. */
  readonly idleSeconds: number;
}

export interface SandboxPool {
  /**
   * Runs `use` with a sandbox of its own: a warm one if there is one, else a new one, else it waits.
   * Rejects with TooManyRequestsException over the reserved concurrency, or with the signal's reason
   * when that comes while it waits.
   */
  use<Result>(use: (sandbox: Sandbox) => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Ends idle sandboxes now and busy ones after their invocation. */
  retire(): void;
  /** Ends all sandboxes, busy ones too; resolves when all are gone. */
  close(): Promise<void>;
}

interface Waiter {
  take(sandbox: Sandbox): void;
}

/** The sandboxes of one function. */
export function openSandboxPool(options: SandboxPoolOptions): SandboxPool {
  const idle: { readonly sandbox: Sandbox; readonly timer: NodeJS.Timeout }[] = [];
  const all = new Set<Sandbox>();
  const waiters = new Set<Waiter>();
  let busy = 0;
  let retired = false;

  const open = (): Sandbox => {
    const sandbox = options.open();
    all.add(sandbox);
    return sandbox;
  };

  /** It counts until it is gone, so that closing waits for one that is on its way. */
  const dismiss = (sandbox: Sandbox): void =>
    void sandbox.end().then(() => {
      all.delete(sandbox);
    });

  const takeIdle = (): Sandbox | null => {
    for (let entry = idle.pop(); entry; entry = idle.pop()) {
      clearTimeout(entry.timer);
      if (!entry.sandbox.dead) return entry.sandbox;
      dismiss(entry.sandbox);
    }
    return null;
  };

  const release = (sandbox: Sandbox): void => {
    busy--;
    if (sandbox.dead) dismiss(sandbox);
    const [waiter] = waiters;
    if (waiter) {
      waiters.delete(waiter);
      busy++;
      waiter.take(sandbox.dead ? open() : sandbox);
    } else if (retired) {
      dismiss(sandbox);
    } else if (!sandbox.dead) {
      const timer = setTimeout(() => {
        idle.splice(
          idle.findIndex((entry) => entry.sandbox === sandbox),
          1,
        );
        dismiss(sandbox);
      }, options.idleSeconds * 1000);
      idle.push({ sandbox, timer });
    }
  };

  const acquire = async (signal: AbortSignal): Promise<Sandbox> => {
    signal.throwIfAborted();
    const { reservedConcurrency = Number.POSITIVE_INFINITY } = options;
    if (busy + waiters.size >= reservedConcurrency) throw tooManyRequests();
    if (busy < options.maxSandboxes) {
      busy++;
      return takeIdle() ?? open();
    }
    return await new Promise<Sandbox>((resolve, reject) => {
      const abandon = (): void => {
        waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        take(sandbox) {
          signal.removeEventListener('abort', abandon);
          resolve(sandbox);
        },
      };
      signal.addEventListener('abort', abandon, { once: true });
      waiters.add(waiter);
    });
  };

  return {
    async use(use, signal) {
      const sandbox = await acquire(signal);
      try {
        return await use(sandbox);
      } finally {
        release(sandbox);
      }
    },
    retire() {
      retired = true;
      for (const { sandbox, timer } of idle.splice(0)) {
        clearTimeout(timer);
        dismiss(sandbox);
      }
    },
    async close() {
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all([...all].map((sandbox) => sandbox.end()));
    },
  };
}
