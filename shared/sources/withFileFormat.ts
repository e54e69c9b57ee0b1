import { badField } from '../api/fieldErrors.ts';
import type { Connector } from '../connectors/connector.ts';
import type { Json } from '../json.ts';
import { jsonSchemaOf } from './describeConnector.ts';
import type { SourceItem } from './sourceItem.ts';

type Config = SourceItem['config'];

/**
 * The configuration with a source's `fileFormat` in it, which is short for the `format` that file connectors read.
 * `before` is what the source had: a format that came from there goes with it. Throws at `fileFormat` for a format
 * the connector does not read, or that the configuration contradicts.
 */
export function withFileFormat(
  connector: Connector | null,
  { config, fileFormat }: Pick<SourceItem, 'config' | 'fileFormat'>,
  before: Pick<SourceItem, 'config' | 'fileFormat'> | null = null,
): Config {
  const { format, ...rest } = config;
  const inherited =
    before !== null && before.fileFormat !== null && before.fileFormat !== fileFormat
      ? format === before.fileFormat && format === before.config['format']
      : false;
  const own: Json | undefined = inherited ? undefined : format;
  const plain: Config = own === undefined ? rest : config;
  if (fileFormat === null || connector === null) return plain;
  if (own !== undefined && own !== fileFormat)
    throw badField(['fileFormat'], 'config.format says something else.');
  if (acceptsFormat(connector)) return { ...rest, format: fileFormat };
  if (connector.fileTypes?.includes(`.${fileFormat}`) === true) return plain;
  throw badField(['fileFormat'], `${connector.name} does not read ${fileFormat} files.`);
}

function acceptsFormat({ config }: Connector): boolean {
  const { properties } = jsonSchemaOf(config);
  return typeof properties === 'object' && properties !== null && 'format' in properties;
}
