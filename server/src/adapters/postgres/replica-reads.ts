import type { Kysely } from 'kysely';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { PastReads } from '../../ports/past-reads.ts';
import { createHistoryIndex } from '../sql/history-index.ts';
import type { Schema } from '../sql/schema.ts';
import { createSnapshotIndex } from '../sql/snapshot-index.ts';
import { readPackedRows } from './packed-rows.ts';

/** Milliseconds for which a replica that failed is not asked again, so that not every read waits for its deadline. */
const REST = 10_000;

/** Reads that may come from a replica. */
export interface ReplicaReads extends PastReads {
  /**
   * Asks the replica, if there is one that works, and the primary when the replica's answer is not complete: a replica
   * is behind, and what it does not have yet is no answer.
   */
  read<T>(query: (database: Kysely<Schema>) => Promise<T>, isComplete: (answer: T) => boolean): Promise<T>;
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
    // What a replica has is without holes, so only the end of it is in doubt.
    history: {
      list: (documentId, after, limit) =>
        read(
          (database) => createHistoryIndex({ database }).list(documentId, after, limit),
          (segments) => segments.length > 0,
        ),
      findAnew: (documentId, toSeq) => createHistoryIndex({ database: primary }).findAnew(documentId, toSeq),
      locate: (documentId, toSeq) =>
        read((database) => createHistoryIndex({ database }).locate(documentId, toSeq), isThere),
    },
    snapshotIndex: {
      list: (documentId) =>
        read(
          (database) => createSnapshotIndex({ database }).list(documentId),
          (snapshots) => snapshots.length > 0,
        ),
      locate: (documentId, seq) =>
        read((database) => createSnapshotIndex({ database }).locate(documentId, seq), isThere),
    },
    log: {
      readRows: (documentId, after, limit) =>
        read(
          (database) => readPackedRows(database, documentId, { after, limit }),
          (rows) => rows.length === limit,
        ),
    },
  };
}

function isThere(answer: object | null): boolean {
  return answer !== null;
}
