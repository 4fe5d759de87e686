import type { PoolClient, QueryResult } from 'pg';
import type { Clock } from '../../ports/clock.ts';
import { endsConnection, toPortError, unanswered } from './postgres-failures.ts';
import { settleWithin } from './settle-within.ts';
import type { Timeouts } from './timeouts.ts';

export interface ConnectionLeaseDeps {
  readonly client: PoolClient;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
}

/** One connection, in one pair of hands. After a failure that leaves it in doubt it is not used again. */
export class ConnectionLease {
  readonly #deps: ConnectionLeaseDeps;
  #doubtful = false;

  constructor(deps: ConnectionLeaseDeps) {
    this.#deps = deps;
    // The pool listens to idle connections only; an error between two statements has to be heard by somebody.
    deps.client.on('error', this.#onError);
  }

  /**
   * Runs one statement, unnamed: a pooler may run the next one on another connection. Throws `storage-unavailable`, also
   * when no answer comes in time, or `internal` when the statement itself is at fault.
   */
  async query(text: string, values: readonly unknown[] = [], within?: number): Promise<QueryResult<Row>> {
    const { client, clock, timeouts } = this.#deps;
    if (this.#doubtful) throw unanswered();
    try {
      const answer = client.query<Row>({ text, values: [...values] });
      return await settleWithin(clock, within ?? timeouts.answer, answer);
    } catch (error) {
      if (endsConnection(error)) this.#doubtful = true;
      throw toPortError(error);
    }
  }

  /** Runs the action in a transaction, each statement of which sees what was committed before it. */
  async transact<T>(action: () => Promise<T>): Promise<T> {
    try {
      await this.query(beginStatement(this.#deps.timeouts));
      const result = await action();
      await this.query('commit');
      return result;
    } catch (error) {
      await this.rollBack();
      throw error;
    }
  }

  /** Never throws: a connection that does not answer is closed, and the server rolls back. */
  async rollBack(): Promise<void> {
    await this.query('rollback').catch(() => undefined);
  }

  release(): void {
    this.#deps.client.off('error', this.#onError);
    this.#deps.client.release(this.#doubtful);
  }

  readonly #onError = (): void => {
    this.#doubtful = true;
  };
}

/** A row as the driver gives it; whoever wrote the statement knows its columns. */
export type Row = Record<string, unknown>;

/** The settings go along with each transaction, since a pooler gives the next one another connection. */
export function beginStatement(timeouts: Timeouts): string {
  return [
    'begin isolation level read committed',
    `set local statement_timeout = ${timeouts.statement}`,
    `set local lock_timeout = ${timeouts.lock}`,
    `set local idle_in_transaction_session_timeout = ${timeouts.idleTransaction}`,
  ].join('; ');
}
