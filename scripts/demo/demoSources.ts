import { fileURLToPath } from 'node:url';

export interface DemoSource {
  readonly key: string;
  readonly name: string;
  readonly connector: 'csv_upload' | 'local_files';
  /** The file on this machine. */
  readonly path: string;
  /** What a correct load gives: known facts about these files. */
  readonly written: number;
  readonly rejected: number;
}

const packaged = (file: string): string =>
  fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${file}`, import.meta.url));
const ours = (file: string): string =>
  fileURLToPath(new URL(`../../examples/${file}`, import.meta.url));

/** Real files that a package ships, and one of ours with a ragged line. */
export const demoSources: readonly DemoSource[] = [
  {
    key: 'zipcodes',
    name: 'US zip codes',
    connector: 'csv_upload',
    path: packaged('zipcodes.csv'),
    written: 42_049,
    rejected: 0,
  },
  {
    key: 'birdstrikes',
    name: 'Bird strikes',
    connector: 'csv_upload',
    path: packaged('birdstrikes.csv'),
    written: 10_000,
    rejected: 0,
  },
  {
    key: 'movies',
    name: 'Movies',
    connector: 'local_files',
    path: packaged('movies.json'),
    written: 3201,
    rejected: 0,
  },
  {
    key: 'flights',
    name: 'Flights',
    connector: 'local_files',
    path: packaged('flights-3m.parquet'),
    written: 3_000_000,
    rejected: 0,
  },
  {
    key: 'orders',
    name: 'Orders',
    connector: 'csv_upload',
    path: ours('orders.csv'),
    written: 24,
    rejected: 1,
  },
];
