import type { Tenant } from '@scriptorium/shared/document-name';
import type { AuditStoreUnderTest } from './audit-log.contract.ts';
import type { EventStoreUnderTest } from './event-fixtures.ts';
import { AT } from './store-under-test.ts';

/** A store of all that people change about documents, what is written down of it, and who is told. */
export type ToldStoreUnderTest = AuditStoreUnderTest & EventStoreUnderTest;

/** Nobody: a row of the audit log by them is refused, behind all else that the change does. */
export const NOBODY = { user: null as unknown as string, at: AT };

/** All rows of a tenant. */
export const rowsOf = ({ audit }: ToldStoreUnderTest, tenant: Tenant) => audit.readRows(tenant, 0, 1_000);

/** What the rows say. */
export async function told(store: ToldStoreUnderTest, tenant: Tenant) {
  return (await rowsOf(store, tenant)).map(({ actor, action, document, subject, detail }) => ({
    actor,
    action,
    document,
    subject,
    detail: JSON.parse(detail) as unknown,
  }));
}
