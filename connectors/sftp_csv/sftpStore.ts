import type { Attributes } from 'ssh2';
import type { Context, FileRef } from '../../shared/connectors/connector.ts';
import type { FileStore, ListedFile } from '../../shared/connectors/files/fileStore.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { SftpConfig, SftpCredentials } from './sftpConfig.ts';
import { noSuchFile, operationFailure, statusOf } from './sftpFailure.ts';
import { type Call, SftpSession } from './sftpSession.ts';

/** Every server takes 32 KB; so many requests are on their way at a time, because each waits for a round trip. */
const readBytes = 32 * 1024;
const readsAhead = 48;
const deepest = 50;
/** The server's answer when a folder is listed. Source: SSH_FX_EOF of draft-ietf-secsh-filexfer-02. */
const endOfList = 1;

/** All that SFTP tells of a version: the second in which the file was last written to, and its length. */
const versionOf = ({ mtime, size }: Attributes): string => `${mtime}-${size}`;

/** A server's folder as a store of files; names are paths below it. */
export function openSftpStore(context: Context<SftpConfig, SftpCredentials>): FileStore {
  const { config, signal } = context;
  const session = new SftpSession(context);
  const fail = (error: unknown, path: string): never => {
    signal.throwIfAborted();
    throw operationFailure(error, config, path);
  };
  const pathOf = (name: string): string => (name === '' ? config.path : `${config.path}/${name}`);

  return {
    list: () =>
      session.use(async function* (sftp, call) {
        const folders = [{ name: '', depth: 0 }];
        for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
          const path = pathOf(folder.name);
          const { depth, name: parent } = folder;
          const handle = await call<Buffer>((done) => sftp.opendir(path, done)).catch((error) => {
            // A folder that went since its parent was listed has no files.
            if (parent !== '' && statusOf(error) === noSuchFile) return null;
            return fail(error, path);
          });
          if (handle === null) continue;
          try {
            for (;;) {
              signal.throwIfAborted();
              const entries = await call<readonly Listed[]>((done) =>
                sftp.readdir(handle, done),
              ).catch((error) => (statusOf(error) === endOfList ? null : fail(error, path)));
              if (entries === null) break;
              const files: ListedFile[] = [];
              for (const { filename, attrs } of entries) {
                if (filename === '.' || filename === '..' || filename.includes('/')) continue;
                const name = parent === '' ? filename : `${parent}/${filename}`;
                if (attrs.isDirectory()) {
                  if (depth < deepest) folders.push({ name, depth: depth + 1 });
                  continue;
                }
                // Links to folders may lead in circles; links to files do not.
                const target = attrs.isSymbolicLink()
                  ? await call<Attributes>((done) => sftp.stat(pathOf(name), done)).catch(
                      () => null,
                    )
                  : attrs;
                if (target?.isFile() === true) files.push(fileOf(name, target));
              }
              yield files;
            }
          } finally {
            sftp.close(handle, () => undefined);
          }
        }
      }),

    open: (file, from) =>
      session.use(async function* (sftp, call) {
        const path = pathOf(file.name);
        const handle = await call<Buffer>((done) => sftp.open(path, 'r', done)).catch((error) => {
          if (statusOf(error) === noSuchFile) throw changed(file);
          return fail(error, path);
        });
        const assertSame = async (): Promise<void> => {
          const now = await call<Attributes>((done) => sftp.fstat(handle, done));
          if (versionOf(now) !== file.versionId) throw changed(file);
        };
        try {
          await assertSame();
          yield* readAhead(file, from, (position, length) => {
            const buffer = Buffer.allocUnsafe(length);
            return filled(call, buffer, (offset, done) =>
              sftp.read(handle, buffer, offset, length - offset, position + offset, done),
            );
          });
          await assertSame();
        } catch (error) {
          fail(error, path);
        } finally {
          sftp.close(handle, () => undefined);
        }
      }),
  };
}

interface Listed {
  readonly filename: string;
  readonly attrs: Attributes;
}

const fileOf = (name: string, attributes: Attributes): ListedFile => ({
  name,
  versionId: versionOf(attributes),
  bytes: attributes.size,
  modifiedAt: new Date(attributes.mtime * 1000),
});

const changed = (file: FileRef): HeadgateError =>
  new HeadgateError('file_changed', `${file.name} changed since it was listed.`, {
    facts: { file: file.name },
  });

/** Pieces in order, several of them asked for at a time. */
async function* readAhead(
  file: FileRef,
  from: number,
  read: (position: number, length: number) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = [];
  for (let position = from; position < file.bytes || waiting.length > 0; ) {
    while (waiting.length < readsAhead && position < file.bytes) {
      const length = Math.min(readBytes, file.bytes - position);
      const piece = read(position, length);
      // Thrown when its turn comes.
      piece.catch(() => undefined);
      waiting.push(piece);
      position += length;
    }
    const next = await waiting.shift();
    if (next !== undefined) yield next;
  }
}

/** Servers may answer with fewer bytes than asked for. */
async function filled(
  call: Call,
  buffer: Buffer,
  read: (offset: number, done: (error: Error | undefined, bytes: number) => void) => void,
): Promise<Buffer> {
  for (let offset = 0; offset < buffer.length; ) {
    const at = offset;
    const bytes = await call<number>((done) => read(at, done));
    if (bytes === 0) return buffer.subarray(0, offset);
    offset += bytes;
  }
  return buffer;
}
