import type { HeadgateError } from '../../errors.ts';
import type { Column } from '../../lake/schema.ts';
import type { ColumnSink } from '../columnSink.ts';
import type { Context } from '../connector.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** A column as the catalogue has it. */
export interface SqlColumn extends Column {
  /** The database's own name of the type, fit for a cast: `numeric(12,2)`. Never comes from a user. */
  readonly nativeType: string;
  readonly nullable: boolean;
  /** What is selected instead of the plain column, made of the database's own words and the quoted name. */
  readonly expression?: string;
  /**
   * What is selected instead where values are read decoded, and how they come then, in words of the dialect's own. Left
   * out: they cannot be.
   */
  readonly decoded?: { readonly kind: string; readonly expression: string };
  /** What the column may be as a cursor: a clock's time, a day, a growing whole number, or nothing. */
  readonly cursor: 'time' | 'day' | 'number' | null;
}

/** A table, view or the like of one schema. */
export interface SqlTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly SqlColumn[];
  /** As declared; empty where there is none. */
  readonly primaryKey: readonly string[];
  /**
   * Columns whose values together are unique and never null, by an index: the primary key or else another one.
   * Each MUST compare in SQL as it does after a round trip through its text. Empty where there is none.
   */
  readonly orderKey: readonly string[];
  /** The user may read none of it. */
  readonly forbidden: boolean;
  /** Columns an index begins with. */
  readonly indexed: ReadonlySet<string>;
  /** What a person should know before choosing it. */
  readonly notes: readonly string[];
  /** What is selected from where it is not the plain name, in the database's own words: `only "public"."orders"`. */
  readonly from?: string;
  /**
   * The database keeps the result of a statement for a day, so that a read can go on in it from another connection:
   * whole reads then come in no order and are of one moment however long they take.
   */
  readonly keepsResults?: true;
}

/** SQL text and the values bound to its parameters, in order. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly string[];
}

export type SqlRow = readonly (string | null)[];

/** Whole rows in the form of `copyCsv`, or in one that the reader decodes. */
export interface RowBlock {
  /** May change when the reader is asked for its next block. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Values of the last row, as text. */
  last(): SqlRow;
}

/** A bulk read under way. What it holds in memory MUST NOT depend on how much the statement selects. */
export interface RowReader {
  /** The next one to `maxRows` rows; null when there are no more. */
  next(maxRows: number): Promise<RowBlock | null>;
  /** Present where rows come decoded: adds a block's rows to a sink. */
  decode?(block: RowBlock, sink: ColumnSink): void;
  /** Of a kept result: where the rows begin that were not taken yet, for a later `read`. Holds no secret. */
  place?(): string;
}

/** Thrown by `read`: the statement is still at work. Its result can be had at `place`, another each time, after a while. */
export class StatementRunning extends Error {
  override readonly name = 'StatementRunning';
  readonly place: string;
  readonly seconds: number;
  constructor(place: string, seconds: number) {
    super('the statement is still running');
    this.place = place;
    this.seconds = seconds;
  }
}

/** What a database may want to know of a bulk read besides its text. */
export interface ReadShape {
  /** How many columns a row has. */
  readonly width: number;
  /** All of the table, in the order of its key. */
  readonly wholeByKey: boolean;
  /**
   * Rows may come decoded: the text of the same statement with each column's `decoded` expression, and the columns. Only
   * texts of floating point may then differ from what the database prints.
   */
  readonly decoded?: { readonly sql: string; readonly columns: readonly SqlColumn[] };
}

/** Where a read stops: the frozen upper end of the cursor. */
export interface SqlBound {
  readonly value: string;
  readonly inclusive: boolean;
}

/**
 * One connection that only reads. Closed by `await using`, also when a reader stops half way. Every method fails
 * at once when the context's signal aborts. Throws the driver's errors; `SqlDialect.explain` says what they mean.
 */
export interface SqlSession extends AsyncDisposable {
  /** `PostgreSQL 18.4`, for people. */
  readonly server: string;
  /** Names of all schemas. */
  schemas(): Promise<readonly string[]>;
  /** Readable or not: every table, view and the like of the schemas, or the one named. */
  tables(schemas: readonly string[], table?: string): Promise<readonly SqlTable[]>;
  /**
   * Where an incremental read that begins now has to stop, asked before the snapshot is taken: the database's own
   * clock minus the lag, in the column's type; for numbers the largest value there is, once those who were
   * writing the table have finished. null: the table has no value. As text, MUST be an ISO 8601 date or time (with a
   * space or a T, with or without an offset) or a whole number, as the column's own values are.
   */
  upperBound(table: SqlTable, column: SqlColumn): Promise<SqlBound | null>;
  /** From now on everything asked is of one moment. */
  beginSnapshot(): Promise<void>;
  /** Size of a table's rows in bytes, about; null where the database does not say (views). */
  bytes(table: SqlTable): Promise<number | null>;
  /** A small result, as text. */
  query(statement: SqlStatement): Promise<readonly SqlRow[]>;
  /**
   * Begins a bulk read. The one before MUST have been read to its end; both are of the session's moment. `place`: goes
   * on in the kept result of the same statement; throws `cursor_expired` when that is gone.
   */
  read(
    table: SqlTable,
    statement: SqlStatement,
    shape: ReadShape,
    place?: string,
  ): Promise<RowReader>;
}

/** What differs between databases; everything else is shared. */
export interface SqlDialect<Config extends SqlOptions, Credentials> {
  /** Names that can be quoted at all. Others are not offered. */
  readonly identifier: RegExp;
  /** Quotes one identifier: the only way a name enters SQL. */
  quote(identifier: string): string;
  /** The placeholder of the n-th bound value, from 1, as a value of the column's type. */
  parameter(index: number, column: SqlColumn): string;
  /**
   * An ISO 8601 date or instant as a value of a time or day column; `bind` answers a parameter's index. Without an
   * offset it is local time where the column knows no zone, else UTC.
   */
  instant(
    bind: (value: string) => number,
    value: string,
    column: SqlColumn,
    timeZone: string,
  ): string;
  /** Whether `(a, b) > (1, 2)` is understood and uses an index. */
  readonly comparesRows: boolean;
  /**
   * What follows a table's name to read only about so many percent of its rows, any of them, without reading the
   * others. Left out where the database has nothing of the kind.
   */
  readonly sample?: (percent: number) => string;
  /** Whether nulls sort after everything else. */
  readonly nullsLast: boolean;
  /** A condition for values above every clock, such as infinity; null where the type has none. */
  endless(quoted: string, column: SqlColumn): string | null;
  connect(context: Context<Config, Credentials>): Promise<SqlSession>;
  /** What an error of the driver, the server or the network means; null: nothing known. MUST NOT hold secrets. */
  explain(error: unknown, context: Context<Config, Credentials>): HeadgateError | null;
}
