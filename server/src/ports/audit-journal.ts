import type { Tenant } from '@scriptorium/shared/document-name';
import type { AuditEntry } from './audit-log.ts';

/**
 * Takes note of what was done and changed nothing: who opened a document, who was refused, what was exported. Nobody
 * waits for it: what is noted is in the audit log about a second later, and equal notes of that second are one row
 * with their number. A process that is killed takes the notes of its last second with it.
 */
export interface AuditJournal {
  note(tenant: Tenant, entry: AuditEntry): void;
}
