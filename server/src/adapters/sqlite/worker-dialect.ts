import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { QueryAnswer } from './sqlite-messages.ts';

/** Where compiled queries go. */
export interface QueryChannel {
  query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer>;
}

/** A transaction: while it is open, nothing else reaches the database. It ends with `commit` or `rollback`. */
export interface TransactionChannel extends QueryChannel {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface DatabaseChannel extends QueryChannel {
  begin(): Promise<TransactionChannel>;
}

/** Kysely's SQLite dialect over a channel to the worker thread, in place of a connection in this thread. */
export class WorkerDialect implements Dialect {
  readonly #channel: DatabaseChannel;

  constructor(channel: DatabaseChannel) {
    this.#channel = channel;
  }

  createDriver(): Driver {
    return new WorkerDriver(this.#channel);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new WorkerAdapter();
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(database);
  }
}

class WorkerAdapter extends SqliteAdapter {
  /** The channel keeps transactions apart, so Kysely need not send queries one at a time. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class WorkerDriver implements Driver {
  readonly #channel: DatabaseChannel;
  readonly #transactions = new WeakMap<DatabaseConnection, TransactionChannel>();

  constructor(channel: DatabaseChannel) {
    this.#channel = channel;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection: DatabaseConnection = {
      executeQuery: <Row>(query: CompiledQuery) =>
        execute<Row>(this.#transactions.get(connection) ?? this.#channel, query),
      streamQuery: async function* <Row>(query: CompiledQuery) {
        yield await connection.executeQuery<Row>(query);
      },
    };
    return connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#transactions.set(connection, await this.#channel.begin());
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#transactions.get(connection)?.commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#transactions.get(connection)?.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

async function execute<Row>(channel: QueryChannel, query: CompiledQuery): Promise<QueryResult<Row>> {
  const { rows, changes } = await channel.query(query.sql, query.parameters);
  // Kysely knows the type of the rows from the query that it compiled.
  return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
}
