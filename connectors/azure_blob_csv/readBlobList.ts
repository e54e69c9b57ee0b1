import type { ListedFile } from '../../shared/connectors/files/fileStore.ts';
import { HeadgateError } from '../../shared/errors.ts';

/**
 * One page of a container's listing. The form is a machine's and fixed (`<Blob><Name>…</Name><Properties>…`), so that
 * no XML parser is needed; an answer that is no such page throws `source_answer_invalid`.
 * Source: "List Blobs", Microsoft Learn.
 */
export function readBlobList(xml: string): {
  readonly files: readonly ListedFile[];
  /** Where the next page begins; empty: there is none. */
  readonly next: string;
} {
  if (!/<EnumerationResults[\s>]/.test(xml))
    throw new HeadgateError('source_answer_invalid', 'Azure answered without a list of blobs.');
  const files: ListedFile[] = [];
  for (const [, blob = ''] of xml.matchAll(/<Blob>([\s\S]*?)<\/Blob>/g)) {
    const name = /<Name( Encoded="true")?>([\s\S]*?)<\/Name>/.exec(blob);
    const etag = elementOf(blob, 'Etag').replaceAll('"', '');
    const modifiedAt = new Date(elementOf(blob, 'Last-Modified'));
    // Folders of accounts with a hierarchical namespace are listed, too.
    if (name === null || etag === '' || elementOf(blob, 'ResourceType') === 'directory') continue;
    const text = textOf(name[2] ?? '');
    files.push({
      name: name[1] === undefined ? text : decodeURIComponent(text),
      versionId: `"${etag}"`,
      bytes: Number(elementOf(blob, 'Content-Length')),
      modifiedAt,
    });
  }
  return { files, next: textOf(elementOf(xml, 'NextMarker')) };
}

const elementOf = (xml: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)?.[1] ?? '';

const named: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
};

const textOf = (xml: string): string =>
  xml.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex !== undefined
      ? String.fromCodePoint(Number.parseInt(hex, 16))
      : decimal !== undefined
        ? String.fromCodePoint(Number(decimal))
        : (named[name] ?? whole),
  );
