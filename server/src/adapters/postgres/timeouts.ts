/**
 * How long things may take, in milliseconds. The server is told `statement`, `lock` and `idleTransaction`; `connect` and
 * `answer` are kept on this side, behind them, for a server that does nothing any more.
 */
export interface Timeouts {
  /** Until a connection is there, a free place in the pool included. */
  readonly connect: number;
  /** One statement, on the server. */
  readonly statement: number;
  /** Waiting for one lock. */
  readonly lock: number;
  /** A transaction whose client says nothing. */
  readonly idleTransaction: number;
  /** The answer to one statement. */
  readonly answer: number;
}

export const TIMEOUTS: Timeouts = {
  connect: 4_000,
  statement: 5_000,
  lock: 2_000,
  idleTransaction: 10_000,
  answer: 7_000,
};
