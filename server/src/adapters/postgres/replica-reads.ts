import type { Kysely } from 'kysely';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { PastReads } from '../../ports/past-reads.ts';
import type { DocumentId } from '../../ports/update-log.ts';
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
  const { primary } = deps;
  const read = createRead(deps);
  const readOf = createReadOf(deps, read);
  return {
    read,
    // What a replica has is without holes, so only the end of it is in doubt.
    history: {
      list: (documentId, after, limit) =>
        readOf(
          documentId,
          (database) => createHistoryIndex({ database }).list(documentId, after, limit),
          (segments) => segments.length > 0,
        ),
      findAnew: (documentId, toSeq) => createHistoryIndex({ database: primary }).findAnew(documentId, toSeq),
      locate: (documentId, toSeq) =>
        readOf(documentId, (database) => createHistoryIndex({ database }).locate(documentId, toSeq), isThere),
    },
    // States say no names.
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
        readOf(
          documentId,
          (database) => readPackedRows(database, documentId, { after, limit }),
          (rows) => rows.length === limit,
        ),
    },
  };
}

function createRead({ primary, replica, clock, log }: ReplicaReadsDeps): ReplicaReads['read'] {
  let restUntil = -Infinity;
  return async (query, isComplete) => {
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
}

/** The same of one document: a replica that has not seen its epoch may say names that were taken from it since. */
function createReadOf({ primary, replica }: ReplicaReadsDeps, read: ReplicaReads['read']) {
  return async <T>(
    documentId: DocumentId,
    query: (database: Kysely<Schema>) => Promise<T>,
    isComplete: (answer: T) => boolean,
  ): Promise<T> => {
    if (replica === null) return query(primary);
    const epoch = await readEpoch(primary, documentId);
    const answer = await read(
      async (database) => {
        const isLevel = database === primary || (await readEpoch(database, documentId)) === epoch;
        return isLevel ? { found: await query(database) } : null;
      },
      (found) => found !== null && isComplete(found.found),
    );
    return answer === null ? query(primary) : answer.found;
  };
}

function isThere(answer: object | null): boolean {
  return answer !== null;
}

async function readEpoch(database: Kysely<Schema>, documentId: DocumentId): Promise<number | null> {
  const head = database.selectFrom('document_heads').select('epoch').where('document_id', '=', documentId);
  return (await head.executeTakeFirst())?.epoch ?? null;
}
