import { join } from 'node:path';

// Statements in ClickHouse: `node queryChdb.ts <folder of chdb> <sql>…`. A process of its own, because a query blocks
// the thread it runs on, and the S3 it reads from is served by the test.
const [, , folder = '', ...statements] = process.argv;
const { Session } = (await import(join(folder, 'index.mjs'))) as {
  Session: new () => { query(sql: string, format: string): string };
};
const session = new Session();
for (const sql of statements) process.stdout.write(session.query(sql, 'JSONCompactEachRow'));
