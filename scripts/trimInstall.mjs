/**
 * Runs after `npm ci` and keeps the installation below 700 MB: removes the C++ headers that npm's
 * Node distribution carries (67 MB; nothing here compiles native code), the CDK's translation
 * tables for other languages (21 MB), sample data that neither the demo nor a test reads (22 MB), and
 * parts of React, axe, Playwright and the CDK for other uses (15 MB). Plain JavaScript, because the machine's own
 * Node runs it.
 */
import { readdirSync, rmSync } from 'node:fs';

const remove = (path) => rmSync(path, { recursive: true, force: true });
const namesIn = (folder) => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
};

for (const parent of ['node_modules/node/node_modules', 'node_modules'])
  for (const name of namesIn(parent))
    if (/^node-(linux|darwin|win)-/.test(name)) remove(`${parent}/${name}/include`);

remove('node_modules/aws-cdk-lib/.jsii.gz');
remove('node_modules/aws-cdk-lib/.jsii.tabl.json.gz');

/** What scripts/demo/demoSources.ts and tests/shared/staging/wholeFileTypes.test.ts read. */
const samples = [
  'airports.csv',
  'birdstrikes.csv',
  'flights-3m.parquet',
  'movies.json',
  'seattle-weather.csv',
  'stocks.csv',
  'weather.csv',
  'zipcodes.csv',
];
for (const name of namesIn('node_modules/vega-datasets/data'))
  if (!samples.includes(name)) remove(`node_modules/vega-datasets/data/${name}`);

remove('node_modules/playwright-core/lib/vite');
remove('node_modules/axe-core/locales');
// The console runs in browsers and is not profiled.
for (const name of namesIn('node_modules/react-dom/cjs'))
  if (/^react-dom-(server|profiling)/.test(name)) remove(`node_modules/react-dom/cjs/${name}`);
for (const name of namesIn('node_modules/aws-cdk-lib'))
  remove(`node_modules/aws-cdk-lib/${name}/README.md`);

// Optional parts of Kafka's client: Protobuf, a native checksum, types for TypeScript 4.
remove('node_modules/protobufjs');
remove('node_modules/@node-rs');
remove('node_modules/@platformatic/kafka/dist/typescript-4');
