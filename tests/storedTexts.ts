import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Something that a Headgate keeps, and where. */
export interface StoredText {
  /** The path below its home; what is inside a database by table. */
  readonly place: string;
  readonly bytes: Uint8Array;
}

/** Where secrets are kept, and the admin token of this Headgate. */
const ofSecrets = (path: string): boolean => path.startsWith('aws/secrets/') || path === 'token';

/**
 * Everything in a home but its secrets: each file as it lies there, what was overwritten and lies there still included;
 * and what is in it: rows of databases, whose values may lie on several pages of the file, and what is compressed.
 */
export async function* storedTexts(home: string): AsyncGenerator<StoredText> {
  const paths = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));
  for (const path of paths.filter((each) => !ofSecrets(each))) {
    const bytes = contentOf(join(home, path));
    // Gone since: a blob that was swept, a journal that was taken in.
    if (bytes === null) continue;
    yield { place: path, bytes };
    if (path.endsWith('.sqlite')) yield* rowsOf(join(home, path), path);
    else yield* insideOf(path, bytes);
  }
}

function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function* rowsOf(file: string, path: string): Generator<StoredText> {
  // A copy: some are locked by who has them open.
  const folder = mkdtempSync(join(tmpdir(), 'headgate-stored-'));
  const copy = join(folder, 'copy.sqlite');
  cpSync(file, copy);
  if (existsSync(`${file}-wal`)) cpSync(`${file}-wal`, `${copy}-wal`);
  const database = new DatabaseSync(copy);
  try {
    const tables = database.prepare(`select name from sqlite_master where type = 'table'`).all();
    for (const { name } of tables)
      for (const row of database.prepare(`select * from "${name}"`).iterate())
        for (const value of Object.values(row))
          if (typeof value === 'string')
            yield { place: `${path} ${name}`, bytes: Buffer.from(value) };
          else if (value instanceof Uint8Array) yield { place: `${path} ${name}`, bytes: value };
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

async function* insideOf(place: string, bytes: Buffer): AsyncGenerator<StoredText> {
  const start = bytes.toString('latin1', 0, 4);
  if (start === 'PAR1') {
    const file = bytes.buffer.slice(
      bytes.byteOffset,
      bytes.byteOffset + bytes.length,
    ) as ArrayBuffer;
    const rows = await parquetReadObjects({ file, compressors });
    const text = JSON.stringify(rows, (_name, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    yield { place: `${place} (rows)`, bytes: Buffer.from(text) };
  } else if (start.startsWith('\x1f\x8b'))
    yield { place: `${place} (unzipped)`, bytes: gunzipSync(bytes) };
  else if (start === '\x28\xb5\x2f\xfd')
    yield { place: `${place} (unzipped)`, bytes: zstdDecompressSync(bytes) };
}
