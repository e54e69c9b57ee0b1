/** What the server is, as far as its dialect differs. */
export interface MysqlServer {
  /** `MySQL 8.4.3`, `MariaDB 10.11.19`. */
  readonly title: string;
  readonly mariadb: boolean;
  /** Major and minor: 8.04, 10.11. */
  readonly version: number;
}

/** From `select version()`: `8.4.3`, `5.7.44-log`, `10.11.19-MariaDB-0+deb12u1`, `5.5.5-10.6.12-MariaDB`. */
export function serverOf(version: string): MysqlServer {
  const mariadb = /mariadb/i.test(version);
  // Replication used to need a version below 10 in front.
  const [, full = '0.0', major = '0', minor = '0'] =
    /^((\d+)\.(\d+)(?:\.\d+)?)/.exec(version.replace(/^5\.5\.5-(?=10\.)/, '')) ?? [];
  return {
    title: `${mariadb ? 'MariaDB' : 'MySQL'} ${full}`,
    mariadb,
    version: Number(major) + Number(minor) / 100,
  };
}

/** Settings of the session that take nothing but what every user may set. */
export function sessionSettings(server: MysqlServer, statementTimeoutSeconds: number): string {
  const settings = [
    `time_zone = '+00:00'`,
    // No mode that changes what an expression means, or pads CHAR values with spaces.
    `sql_mode = ''`,
    // A server may limit every SELECT to some rows, and cut large ones off, without an error.
    'sql_select_limit = 18446744073709551615',
    'sql_big_selects = 1',
    // How long the server waits for a reader that is busy with what it has.
    'net_write_timeout = 900',
    'lock_wait_timeout = 60',
    ...(server.mariadb
      ? [`max_statement_time = ${statementTimeoutSeconds}`]
      : [`max_execution_time = ${statementTimeoutSeconds * 1000}`]),
    // Sizes of tables as they are, not as they were up to a day ago.
    ...(!server.mariadb && server.version >= 8 ? ['information_schema_stats_expiry = 0'] : []),
  ];
  return `set ${settings.map((setting) => `@@session.${setting}`).join(', ')}`;
}
