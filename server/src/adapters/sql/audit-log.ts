import type { AuditRow } from '@scriptorium/shared/audit-chain';
import type { Kysely, Selectable } from 'kysely';
import type { AuditChain, AuditExport, AuditLog, AuditPage, AuditQuery } from '../../ports/audit-log.ts';
import { appendAudit } from './append-audit.ts';
import type { AuditChainsTable, AuditExportsTable, AuditRowsTable } from './audit-schema.ts';
import { noteExport, pruneChain } from './audit-retention.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';
import type { Schema } from './schema.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** The audit log on any SQL engine that Kysely speaks to. */
export function createAuditLog({ database, readFor = readFreely(database) }: TenantStoreDeps): AuditLog {
  return {
    append: (tenant, entries) =>
      database.transaction().execute((transaction) => appendAudit(transaction, tenant, entries)),
    list: (query) => readFor(query.tenant, (reads) => listRows(reads, query)),
    listChains: async (after, limit) => {
      const rows = await database
        .selectFrom('audit_chains')
        .selectAll()
        .$if(after !== null, (rest) => rest.where('tenant', '>', after ?? ''))
        .orderBy('tenant')
        .limit(limit)
        .execute();
      return rows.map(toChain);
    },
    readChain: async (chain) => {
      const row = await database.selectFrom('audit_chains').selectAll().where('tenant', '=', chain).executeTakeFirst();
      return row === undefined ? null : toChain(row);
    },
    readRows: async (chain, afterSeq, limit) => {
      const rows = await database
        .selectFrom('audit_rows')
        .selectAll()
        .where('tenant', '=', chain)
        .where('seq', '>', afterSeq)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(toRow);
    },
    listExports: async (chain) => {
      const rows = await database
        .selectFrom('audit_exports')
        .selectAll()
        .where('tenant', '=', chain)
        .orderBy('from_seq')
        .execute();
      return rows.map(toExport);
    },
    noteExport: (object) => database.transaction().execute((transaction) => noteExport(transaction, object)),
    prune: (chain, upToSeq, at) =>
      database.transaction().execute((transaction) => pruneChain(transaction, chain, { upToSeq, at })),
  };
}

async function listRows(database: Kysely<Schema>, query: AuditQuery): Promise<AuditPage> {
  const { tenant, document, actor, cursor, limit } = query;
  const before = cursor === null ? null : Number(decodeListCursor(cursor, ['number'])[0]);
  const found = await database
    .selectFrom('audit_rows')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(document !== null, (rest) => rest.where('document', '=', document))
    .$if(actor !== null, (rest) => rest.where('actor', '=', actor ?? ''))
    .$if(before !== null, (rest) => rest.where('seq', '<', before ?? 0))
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  const rows = found.slice(0, limit).map(toRow);
  const last = rows.at(-1);
  return { rows, nextCursor: found.length > rows.length && last ? encodeListCursor([last.seq]) : null };
}

function toRow({ tenant, ...row }: Selectable<AuditRowsTable>): AuditRow {
  return { chain: tenant, ...row };
}

function toChain(row: Selectable<AuditChainsTable>): AuditChain {
  return {
    chain: row.tenant,
    headSeq: row.head_seq,
    headHash: row.head_hash,
    exportedSeq: row.exported_seq,
    prunedSeq: row.pruned_seq,
    prunedHash: row.pruned_hash,
  };
}

function toExport(row: Selectable<AuditExportsTable>): AuditExport {
  const { key, sha256, bytes, at } = row;
  return {
    chain: row.tenant,
    fromSeq: row.from_seq,
    toSeq: row.to_seq,
    key,
    sha256,
    bytes,
    lastHash: row.last_hash,
    at,
  };
}
