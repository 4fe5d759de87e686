import type { TenantUsageReader } from '../../ports/tenant-usage.ts';
import { readFreely, type TenantStoreDeps } from './tenant-reads.ts';

/** Sums over a tenant's live names: what has no limit is never asked for. */
export function createTenantUsageReader({
  database,
  readFor = readFreely(database),
}: TenantStoreDeps): TenantUsageReader {
  return {
    readUsage: (tenant) =>
      readFor(tenant, async (reads) => {
        const sums = await reads
          .selectFrom('document_names as name')
          .innerJoin('document_heads as head', 'head.document_id', 'name.document_id')
          .leftJoin('snapshots as snapshot', (join) =>
            join.onRef('snapshot.document_id', '=', 'head.document_id').onRef('snapshot.seq', '=', 'head.snapshot_seq'),
          )
          .where('name.tenant', '=', tenant)
          .where('name.state', '=', 'live')
          .select(({ fn }) => [
            fn.countAll<number>().as('documents'),
            fn.sum<number | null>('head.tail_bytes').as('tail'),
            fn.sum<number | null>('snapshot.bytes').as('snapshots'),
          ])
          .executeTakeFirstOrThrow();
        return { documents: Number(sums.documents), bytes: Number(sums.tail ?? 0) + Number(sums.snapshots ?? 0) };
      }),
  };
}
