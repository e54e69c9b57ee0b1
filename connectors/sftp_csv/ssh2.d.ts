/** What of ssh2 1.17 is used here. Its own types come as a package of 3 MB. */
declare module 'ssh2' {
  import type { EventEmitter } from 'node:events';

  export interface Attributes {
    readonly size: number;
    /** Seconds since 1970. */
    readonly mtime: number;
    isDirectory(): boolean;
    isFile(): boolean;
    isSymbolicLink(): boolean;
  }
  export interface Entry {
    readonly filename: string;
    readonly attrs: Attributes;
  }
  type Answer<Value> = (error: Error | undefined, value: Value) => void;

  export interface Sftp extends EventEmitter {
    opendir(path: string, done: Answer<Buffer>): void;
    /** `error.code` 1: there are no more. */
    readdir(handle: Buffer, done: Answer<readonly Entry[]>): void;
    stat(path: string, done: Answer<Attributes>): void;
    fstat(handle: Buffer, done: Answer<Attributes>): void;
    open(path: string, flags: 'r', done: Answer<Buffer>): void;
    close(handle: Buffer, done: (error?: Error) => void): void;
    read(
      handle: Buffer,
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | undefined, bytesRead: number) => void,
    ): void;
  }

  export interface ConnectOptions {
    readonly host: string;
    readonly port: number;
    readonly username: string;
    readonly password?: string;
    readonly privateKey?: string;
    readonly passphrase?: string;
    readonly tryKeyboard?: boolean;
    readonly readyTimeout?: number;
    readonly keepaliveInterval?: number;
    readonly keepaliveCountMax?: number;
    readonly hostVerifier: (key: Buffer) => boolean;
    readonly algorithms?: Readonly<Record<string, { readonly append: readonly string[] }>>;
  }

  export class Client extends EventEmitter {
    connect(options: ConnectOptions): this;
    setNoDelay(noDelay: boolean): this;
    sftp(done: Answer<Sftp>): void;
    end(): this;
    destroy(): this;
  }
}
