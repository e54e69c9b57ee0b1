import { join } from 'node:path';

// One query in ClickHouse: `node queryChdb.ts <folder of chdb> <sql>`. A process of its own, because a query blocks
// the thread it runs on, and the S3 it reads from is served by the test.
const [, , folder = '', sql = ''] = process.argv;
const { Session } = (await import(join(folder, 'index.mjs'))) as {
  Session: new () => { query(sql: string, format: string): string };
};
process.stdout.write(new Session().query(sql, 'JSONCompactEachRow'));
