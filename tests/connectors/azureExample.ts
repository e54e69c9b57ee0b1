import azureBlobCsv from '../../connectors/azure_blob_csv.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import type { ConnectorExample, Paced, Refusal } from './connectorExample.ts';
import { type FilePlace, localSurroundings, remoteFilesExample } from './remoteFilesExample.ts';

export const azureConnector = azureBlobCsv as unknown as Connector;

/** The example of the conformance suite, for a simulator and for Azurite. */
export const azureExample = (
  title: string,
  connectionString: string,
  place: FilePlace,
  refusals: readonly Refusal[] = [],
  paced?: Paced,
): Promise<ConnectorExample> =>
  remoteFilesExample(
    {
      title,
      connector: azureConnector,
      config: { container: 'conformance', prefix: 'in/' },
      credentials: { connectionString },
      surroundings: localSurroundings,
      ...(paced === undefined ? {} : { paced }),
      refusals: [
        {
          title: 'a container that is not there',
          config: { container: 'nowhere' },
          code: 'source_not_found',
          says: /no container nowhere/,
        },
        ...refusals,
      ],
    },
    place,
    'in/',
  );
