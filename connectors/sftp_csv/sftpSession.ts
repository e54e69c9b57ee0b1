import { createHash } from 'node:crypto';
import type { Client, Sftp } from 'ssh2';
import type { Context } from '../../shared/connectors/connector.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { SftpConfig, SftpCredentials } from './sftpConfig.ts';
import { connectionFailure } from './sftpFailure.ts';

/** Servers allow few connections: one is kept between operations, and ends when nothing was asked for so long. */
const idleMilliseconds = 1_000;
const readyMilliseconds = 20_000;

/** Of ssh2, but off by default. */
const oldAlgorithms = {
  kex: {
    append: [
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group1-sha1',
    ],
  },
  serverHostKey: { append: ['ssh-rsa', 'ssh-dss'] },
  cipher: { append: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'] },
  hmac: { append: ['hmac-sha1', 'hmac-md5'] },
} as const;

interface Connection {
  readonly client: Client;
  readonly sftp: Sftp;
  /** Rejects with what ended the connection. */
  readonly broken: Promise<never>;
  isOver: boolean;
}

/** One SFTP connection that is made when it is needed, shared by operations that run at a time. */
export class SftpSession {
  readonly #context: Context<SftpConfig, SftpCredentials>;
  #connection: Promise<Connection> | null = null;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context<SftpConfig, SftpCredentials>) {
    this.#context = context;
  }

  /** Runs an operation. `call` makes a promise of one with a callback; it rejects when the connection breaks. */
  async *use<Value>(
    operation: (sftp: Sftp, call: Call) => AsyncGenerator<Value>,
  ): AsyncGenerator<Value> {
    this.#users += 1;
    clearTimeout(this.#timer);
    try {
      const { sftp, broken } = await this.#connected();
      const call: Call = (start) => {
        const { promise, resolve, reject } = Promise.withResolvers<never>();
        start((error, value) => (error == null ? resolve(value as never) : reject(error)));
        return Promise.race([promise, broken]);
      };
      yield* operation(sftp, call);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#timer = setTimeout(() => void this.#close(), idleMilliseconds);
        this.#timer.unref();
      }
    }
  }

  async #connected(): Promise<Connection> {
    const known = await this.#connection?.catch(() => null);
    if (known != null && !known.isOver) return known;
    this.#connection = connect(this.#context);
    return this.#connection;
  }

  async #close(): Promise<void> {
    const ending = this.#connection;
    this.#connection = null;
    const connection = await ending?.catch(() => null);
    connection?.client.end();
  }
}

export type Call = <Value>(
  start: (done: (error: Error | undefined, value: Value) => void) => void,
) => Promise<Value>;

async function connect(context: Context<SftpConfig, SftpCredentials>): Promise<Connection> {
  const { config, credentials, signal } = context;
  signal.throwIfAborted();
  const host = await context.resolveHost(config.host);
  const { Client } = await import('ssh2');
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Sftp>();
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  // Heard by the operations that run; nobody may be listening.
  broken.catch(() => undefined);
  let seen: string | null = null;
  const connection = { client, broken, isOver: false };
  const end = (error: unknown): void => {
    connection.isOver = true;
    reject(error);
    breakOff(error);
  };
  const abort = (): void => {
    end(signal.reason);
    client.destroy();
  };
  signal.addEventListener('abort', abort, { once: true });
  client
    // Every request waits for its answer: held back, each would take 40 ms longer.
    .on('connect', () => client.setNoDelay(true))
    .on('ready', () => {
      client.sftp((error, sftp) => (error == null ? resolve(sftp) : reject(error)));
    })
    // Some servers ask for the password in words of their own.
    .on(
      'keyboard-interactive',
      (_name: string, _instructions: string, _language: string, prompts: unknown[], answer) =>
        (answer as (answers: string[]) => void)(prompts.map(() => credentials.password ?? '')),
    )
    .on('error', end)
    .on('close', () => {
      signal.removeEventListener('abort', abort);
      end(
        new HeadgateError('source_unreachable', `${config.host} closed the connection.`, {
          facts: { host: config.host },
        }),
      );
    });
  try {
    client.connect({
      host,
      port: config.port,
      username: credentials.username,
      ...(credentials.password === undefined
        ? {}
        : { password: credentials.password, tryKeyboard: true }),
      ...(credentials.privateKey === undefined ? {} : { privateKey: credentials.privateKey }),
      ...(credentials.passphrase === undefined ? {} : { passphrase: credentials.passphrase }),
      readyTimeout: readyMilliseconds,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      ...(config.oldAlgorithms ? { algorithms: oldAlgorithms } : {}),
      hostVerifier: (key) => {
        const fingerprint = fingerprintOf(key);
        const isRight = fingerprint === config.hostKeyFingerprint.replace(/=$/, '');
        if (!isRight) seen = fingerprint;
        return isRight;
      },
    });
    return Object.assign(connection, { sftp: await promise });
  } catch (error) {
    client.destroy();
    signal.throwIfAborted();
    throw connectionFailure(error, config, seen);
  }
}

/** As `ssh-keygen -l` shows it. */
const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
