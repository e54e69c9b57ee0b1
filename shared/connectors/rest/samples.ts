import type { SourceRecord, StreamSample } from '../connector.ts';
import { readStream } from './readStream.ts';
import type { RestClient } from './restClient.ts';
import type { RestSpec } from './restSpec.ts';
import { columnsOf, streamsOf } from './restStreams.ts';

const mostRecords = 3;
/** A check has 25 seconds. */
const mostStreams = 20;

/** The first records of each stream's first page. Throws what stands in the way of reading one. */
export async function samplesOf<Config, Credentials>(
  spec: RestSpec<Config, Credentials>,
  client: RestClient<Config, Credentials>,
): Promise<readonly StreamSample[]> {
  const streams = await streamsOf(spec, client);
  const samples: StreamSample[] = [];
  for (const [name, stream] of Object.entries(streams).slice(0, mostStreams)) {
    const pages = readStream({
      client,
      stream,
      parents: stream.parent === undefined ? undefined : streams[stream.parent.stream],
      columns: await columnsOf(client, stream),
      request: {
        name,
        mode: 'full_refresh',
        primaryKey: [],
        cursorField: null,
        columns: null,
        window: null,
      },
      from: null,
      asksLate: true,
    });
    let records: readonly SourceRecord[] = [];
    for await (const { body } of pages) {
      if (body.kind === 'records') records = body.records.slice(0, mostRecords);
      break;
    }
    samples.push({ stream: name, records });
  }
  return samples;
}
