import type { ConnectionPool } from './connection-pool.ts';

/** Who lends connections. */
export type Lender = Pick<ConnectionPool, 'lease'>;

/** So many short questions may wait for the second pool; a crowd at the doors is served by both. */
const FEW = 16;

/** Lends from the first pool while it has a connection free, else from the second, which long work never takes. */
export function lendPromptly(first: ConnectionPool, second: ConnectionPool): Lender {
  return {
    lease: () => (first.queue > 0 && second.queue <= FEW ? second : first).lease(),
  };
}
