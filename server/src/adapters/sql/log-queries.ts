import type { Kysely } from 'kysely';
import type { DocumentId, Head, UpdateLog } from '../../ports/update-log.ts';
import { readLoadStart } from './load-start.ts';
import type { Schema } from './schema.ts';

/** Documents asked for in one statement, below every engine's limit on parameters. */
const HEADS_PER_QUERY = 500;

/** All of the update log but the append, which each engine does by hand. */
export function createLogQueries(deps: { readonly database: Kysely<Schema> }): Omit<UpdateLog, 'append'> {
  const { database } = deps;
  return {
    readRows: (documentId, after, limit) =>
      database
        .selectFrom('log_rows')
        .select(['seq', 'at', 'payload', 'sum'])
        .where('document_id', '=', documentId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute(),
    readHeads: (documentIds) => readHeads(database, documentIds),
    readLoadStart: (documentId) => readLoadStart(database, documentId),
    readBindings: (documentId) =>
      database
        .selectFrom('client_bindings')
        .select(['client', 'user_id as user'])
        .where('document_id', '=', documentId)
        .execute(),
  };
}

async function readHeads(database: Kysely<Schema>, documentIds: readonly DocumentId[]): Promise<readonly Head[]> {
  const heads: Head[] = [];
  for (let start = 0; start < documentIds.length; start += HEADS_PER_QUERY) {
    const rows = await database
      .selectFrom('document_heads')
      .select(['document_id as documentId', 'epoch', 'head'])
      .where('document_id', 'in', documentIds.slice(start, start + HEADS_PER_QUERY))
      .where('live', '=', 1)
      .execute();
    heads.push(...rows);
  }
  return heads;
}
