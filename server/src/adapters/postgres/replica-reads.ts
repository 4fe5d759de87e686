import type { Kysely } from 'kysely';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { UpdateLog } from '../../ports/update-log.ts';
import { createLogQueries } from '../sql/log-queries.ts';
import type { Schema } from '../sql/schema.ts';

/** Milliseconds for which a replica that failed is not asked again, so that not every read waits for its deadline. */
const REST = 10_000;

/** Reads that may come from a replica. */
export interface ReplicaReads {
  /**
   * Asks the replica, if there is one that works, and the primary when the replica's answer is not complete: a replica
   * is behind, and what it does not have yet is no answer.
   */
  read<T>(query: (database: Kysely<Schema>) => Promise<T>, isComplete: (answer: T) => boolean): Promise<T>;
  /** The log as far as history needs it. A replica has no holes, so only the end of what it has is in doubt. */
  readonly log: Pick<UpdateLog, 'readRows'>;
}

export interface ReplicaReadsDeps {
  readonly primary: Kysely<Schema>;
  readonly replica: Kysely<Schema> | null;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createReplicaReads(deps: ReplicaReadsDeps): ReplicaReads {
  const { primary, replica, clock, log } = deps;
  let restUntil = -Infinity;
  const read: ReplicaReads['read'] = async (query, isComplete) => {
    if (replica === null || clock.monotonic() < restUntil) return query(primary);
    try {
      const answer = await query(replica);
      if (isComplete(answer)) return answer;
    } catch (error) {
      restUntil = clock.monotonic() + REST;
      log.warn('postgres_replica_failed', {}, error);
    }
    return query(primary);
  };
  return {
    read,
    log: {
      readRows: (documentId, after, limit) =>
        read(
          (database) => createLogQueries({ database }).readRows(documentId, after, limit),
          (rows) => rows.length === limit,
        ),
    },
  };
}
