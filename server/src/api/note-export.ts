import type { DocumentName } from '@scriptorium/shared/document-name';
import type { ApiDeps } from './api-deps.ts';
import type { Caller } from './authenticate.ts';

/** Notes for the audit log that content was handed out, of a document or of all below a beginning (`a/*`), and with which links. */
export function noteExport(
  { journal, clock }: Pick<ApiDeps, 'journal' | 'clock'>,
  { identity }: Caller,
  {
    document,
    detail,
  }: { readonly document: DocumentName | string; readonly detail: Readonly<Record<string, string | number>> },
): void {
  const entry = { user: identity.user, at: clock.now(), document };
  journal.note(identity.tenant, { ...entry, action: 'document.export', detail });
  for (const id of identity.links)
    journal.note(identity.tenant, { ...entry, action: 'link.use', subject: `link:${id}` });
}
