import { describe, expect, it } from 'vitest';
import { bindValues } from '../../connectors/mysql/bindValues.ts';
import { columnType } from '../../connectors/mysql/columnType.ts';
import { explainError } from '../../connectors/mysql/explainError.ts';
import { serverOf, sessionSettings } from '../../connectors/mysql/sessionSettings.ts';
import { localTime } from '../../shared/connectors/sql/localTime.ts';

it.each([
  ['5.7.44-log', 'MySQL 5.7.44', false, 5.07],
  ['8.0.36', 'MySQL 8.0.36', false, 8],
  ['8.4.3-cluster', 'MySQL 8.4.3', false, 8.04],
  ['9.1.0', 'MySQL 9.1.0', false, 9.01],
  ['10.11.19-MariaDB-0+deb12u1', 'MariaDB 10.11.19', true, 10.11],
  ['5.5.5-10.6.12-MariaDB-log', 'MariaDB 10.6.12', true, 10.06],
  ['11.8.2-MariaDB', 'MariaDB 11.8.2', true, 11.08],
])('tells %s by its version', (said, title, mariadb, version) => {
  expect(serverOf(said)).toEqual({ title, mariadb, version });
});

describe('a session', () => {
  it('limits statements in milliseconds at MySQL and in seconds at MariaDB', () => {
    const mysql = sessionSettings(serverOf('8.4.3'), 900);
    expect(mysql).toContain('@@session.max_execution_time = 900000');
    expect(mysql).not.toContain('max_statement_time');
    const mariadb = sessionSettings(serverOf('10.11.19-MariaDB'), 900);
    expect(mariadb).toContain('@@session.max_statement_time = 900');
    expect(mariadb).not.toContain('max_execution_time');
  });

  it('asks for sizes as they are now only where the server remembers them', () => {
    const asks = (version: string): boolean =>
      sessionSettings(serverOf(version), 1).includes('information_schema_stats_expiry');
    expect(['5.7.44', '8.0.36', '9.1.0', '11.8.2-MariaDB'].map(asks)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('an error of the server', () => {
  const config = { host: 'db.headgate.test', port: 3306, connectTimeoutSeconds: 10 };
  const said = (errno: number, message = 'no'): unknown =>
    Object.assign(new Error(message), { errno, code: 'ER_X', sqlMessage: message });
  it.each([
    [1045, 'invalid_credentials'],
    [1130, 'invalid_credentials'],
    [1862, 'invalid_credentials'],
    [3118, 'invalid_credentials'],
    [1044, 'source_forbidden'],
    [1142, 'source_forbidden'],
    [1143, 'source_forbidden'],
    [1049, 'source_not_found'],
    [1146, 'source_not_found'],
    [1356, 'source_not_found'],
    [1040, 'source_unreachable'],
    [1205, 'source_unreachable'],
    [1213, 'source_unreachable'],
    [1412, 'source_unreachable'],
    [1969, 'source_unreachable'],
    [3024, 'source_unreachable'],
    [4031, 'source_unreachable'],
    [3159, 'invalid_config'],
    [1153, 'source_answer_invalid'],
    [9999, 'source_answer_invalid'],
  ])('%i is %s, with what to do', (errno, code) => {
    const explained = explainError(said(errno), config);
    expect(explained).toMatchObject({
      code,
      message: expect.stringMatching(/^The server answered: no\. .+\.$/),
    });
    expect(explained?.cause).toBeInstanceOf(Error);
  });

  it('of ours stays what it is', () => {
    expect(explainError(new TypeError('a bug'), config)).toBeNull();
    expect(explainError('text', config)).toBeNull();
  });
});

it('puts values in as digits, and touches nothing that looks like a placeholder in a name', () => {
  const sql = 'select `?1``?2` from `t` where a > cast(?1 as signed) and b = ?2 and c = ?1';
  const values = ["' or 1=1; --\\", '漢\0'];
  const [first, second] = values.map(
    (value) => `_utf8mb4 x'${Buffer.from(value).toString('hex')}'`,
  );
  expect(bindValues({ sql, values })).toBe(
    `select \`?1\`\`?2\` from \`t\` where a > cast(${first} as signed) and b = ${second} and c = ${first}`,
  );
});

it.each([
  ['2024-03-10 09:59:59.5', 'America/Los_Angeles', '2024-03-10 01:59:59.5'],
  ['2024-03-10 10:00:00.000001', 'America/Los_Angeles', '2024-03-10 03:00:00.000001'],
  ['2024-11-03 08:30:00', 'America/Los_Angeles', '2024-11-03 01:30:00'],
  ['2024-11-03 09:30:00', 'America/Los_Angeles', '2024-11-03 01:30:00'],
  ['2024-12-31 23:59:59.999999', 'Asia/Kathmandu', '2025-01-01 05:44:59.999999'],
  ['2024-06-01 00:00:00', 'UTC', '2024-06-01 00:00:00'],
  ['0999-06-01 12:00:00', 'UTC', '0999-06-01 12:00:00'],
])('%s in UTC is %s time %s', (utc, zone, local) => {
  expect(localTime(utc, zone)).toBe(local);
});

describe('a type', () => {
  const typeOf = (full: string, precision = 0, scale = 0): string =>
    columnType(
      { name: /^[a-z0-9]+/.exec(full)?.[0] ?? '', full, precision, scale },
      '`c`',
      'boolean',
    ).type;
  it.each([
    // As MySQL 8 spells them, without widths, and types that only MySQL 9 or MariaDB have.
    ['int', 'int'],
    ['int unsigned', 'long'],
    ['bigint unsigned', 'decimal(20, 0)'],
    ['bigint unsigned zerofill', 'decimal(20, 0)'],
    ['tinyint(1)', 'boolean'],
    ['tinyint(1) unsigned', 'int'],
    ['tinyint', 'int'],
    ['vector(3)', 'binary'],
    ['geomcollection', 'string'],
    ['inet4', 'string'],
    ['something new', 'string'],
  ])('%s is %s', (full, type) => {
    expect(typeOf(full)).toBe(type);
  });

  it('of decimals keeps up to 38 digits as numbers', () => {
    expect(typeOf('decimal(38,38)', 38, 38)).toBe('decimal(38, 38)');
    expect(typeOf('decimal(39,0)', 39, 0)).toBe('string');
  });
});
