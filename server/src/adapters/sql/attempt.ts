import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Ends a transaction that found a condition not met; it never leaves this file. */
class Abandoned extends Error {}

/** Runs a transaction that takes everything back when it finds that it must not be done; false then. */
export async function attempt(
  database: Kysely<Schema>,
  action: (transaction: Transaction<Schema>) => Promise<boolean>,
): Promise<boolean> {
  try {
    await database.transaction().execute(async (transaction) => {
      if (!(await action(transaction))) throw new Abandoned();
    });
    return true;
  } catch (error) {
    if (error instanceof Abandoned) return false;
    throw error;
  }
}
