import { createClient } from './createClient.ts';
import type { Event } from './generated.ts';
import { ProblemError } from './problemError.ts';

export type LiveStatus = 'connecting' | 'live' | 'offline' | 'refused';

export interface EventsOptions {
  /** Of the API, e.g. `http://127.0.0.1:8787`. */
  readonly baseUrl: string;
  /** `hg_…`, or a sign-in's token; asked again before every connection. */
  readonly token: string | (() => string);
  /** Each event once, in the order of their numbers. */
  readonly onEvent: (event: Event) => void;
  /** What happened since is not known any more: load everything anew. */
  readonly onReset?: () => void;
  /** `refused`: the token is no longer good, and nothing is tried again. */
  readonly onStatus?: (status: LiveStatus) => void;
  /** The last number known; left out: only what happens from now on. */
  readonly after?: number;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: typeof WebSocket;
  /** Between pings. @default 30 s */
  readonly pingMilliseconds?: number;
  /** Before the second try to connect; doubles up to 30 s. @default 500 */
  readonly retryMilliseconds?: number;
}

export interface LiveEvents {
  /** The number up to which everything was told; null before the first welcome. */
  readonly last: number | null;
  close(): void;
}

type Message =
  | { readonly type: 'hello' | 'reset' | 'pong'; readonly head: number }
  | { readonly type: 'live'; readonly upTo: number }
  | {
      readonly type: 'events';
      readonly after: number;
      readonly upTo: number;
      readonly events: readonly Event[];
    }
  | { readonly type: 'error'; readonly code: string; readonly detail: string };

const longestPauseMilliseconds = 30_000;

/**
 * Events as they happen, over a WebSocket that is opened again whenever it is lost. Goes on after the last event told,
 * so that a lost connection loses none: each is told exactly once and in order, or `onReset` says that some are gone.
 */
export function openEvents(options: EventsOptions): LiveEvents {
  const { pingMilliseconds = 30_000, retryMilliseconds = 500 } = options;
  const Socket = options.WebSocket ?? WebSocket;
  let last = options.after ?? null;
  let socket: WebSocket | null = null;
  let isClosed = false;
  let failures = 0;
  let isReplaying = false;
  /** The newest event's number, as far as it was told. */
  let head = 0;
  let heard = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let status: LiveStatus | null = null;
  const tell = (next: LiveStatus): void => {
    if (status === next || isClosed) return;
    status = next;
    options.onStatus?.(next);
  };
  const tokenNow = (): string =>
    typeof options.token === 'string' ? options.token : options.token();

  const send = (message: object): void => {
    if (socket?.readyState === Socket.OPEN) socket.send(JSON.stringify(message));
  };
  const catchUp = (): void => {
    if (isReplaying || last === null) return;
    isReplaying = true;
    send({ action: 'replay', after: last });
  };

  const takeEvents = ({ after, upTo, events }: Extract<Message, { type: 'events' }>): void => {
    const from = last ?? after;
    if (after > from) {
      catchUp();
      return;
    }
    for (const event of events)
      if (event.seq > from) {
        last = event.seq;
        options.onEvent(event);
      }
    last = Math.max(from, upTo);
  };

  const take = (message: Message): void => {
    switch (message.type) {
      case 'hello':
        failures = 0;
        head = message.head;
        last ??= head;
        break;
      case 'events':
        takeEvents(message);
        break;
      case 'live':
        isReplaying = false;
        // A long replay comes in several parts.
        if (last !== null && last < Math.max(head, message.upTo)) catchUp();
        else tell('live');
        break;
      case 'reset':
        isReplaying = false;
        head = message.head;
        last = head;
        options.onReset?.();
        tell('live');
        break;
      case 'pong':
        head = message.head;
        if (last !== null && head > last) catchUp();
        break;
      case 'error':
        if (message.code !== 'unauthorized') break;
        tell('refused');
        close();
    }
  };

  const connect = async (): Promise<void> => {
    tell('connecting');
    try {
      const token = tokenNow();
      const { url } = await createClient({
        baseUrl: options.baseUrl,
        token,
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
      }).getLiveAddress();
      if (isClosed) return;
      const opened = new Socket(url);
      socket = opened;
      isReplaying = true;
      opened.onopen = () => {
        heard = Date.now();
        opened.send(
          JSON.stringify({ action: 'hello', token, ...(last === null ? {} : { after: last }) }),
        );
      };
      opened.onmessage = ({ data }) => {
        heard = Date.now();
        if (opened === socket) take(JSON.parse(String(data)) as Message);
      };
      opened.onclose = () => {
        if (opened === socket) lost();
      };
    } catch (error) {
      if (isRefusal(error)) {
        tell('refused');
        close();
      } else lost();
    }
  };

  const lost = (): void => {
    socket = null;
    if (isClosed) return;
    tell('offline');
    const pause = Math.min(longestPauseMilliseconds, retryMilliseconds * 2 ** failures);
    failures += 1;
    // Not all tabs at once after a server's restart.
    retry = setTimeout(() => void connect(), pause * (0.5 + Math.random() / 2));
  };

  const ping = setInterval(() => {
    if (socket === null) return;
    // A connection that answers nothing is a dead one that nobody has noticed.
    if (Date.now() - heard > 2 * pingMilliseconds + 5_000) {
      const dead = socket;
      lost();
      dead.close();
    } else send({ action: 'ping' });
  }, pingMilliseconds);

  const close = (): void => {
    isClosed = true;
    clearInterval(ping);
    clearTimeout(retry);
    const open = socket;
    socket = null;
    open?.close();
  };

  void connect();
  return {
    get last() {
      return last;
    },
    close,
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ProblemError && error.status === 401;
