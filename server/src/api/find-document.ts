import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Action, Role } from '@scriptorium/shared/roles';
import { assertNever, ScriptoriumError } from '../core/errors.ts';
import { decide } from '../core/permissions.ts';
import type { DocumentCatalog, DocumentRecord, Resolution } from '../ports/document-catalog.ts';
import { requireAction, type Caller } from './authenticate.ts';

export type Found =
  | { readonly kind: 'found'; readonly record: DocumentRecord; readonly role: Role }
  /** The document is called otherwise now, and the caller may know how. */
  | { readonly kind: 'moved'; readonly name: DocumentName };

export interface Wanted {
  readonly caller: Caller;
  readonly name: DocumentName;
  readonly action: Action;
}

/**
 * Checks the action, then looks the name up. Throws `forbidden`, `document-not-found` or `document-deleted`; the check
 * comes first, so that a name one may not read tells nothing.
 */
export function findDocument(catalog: DocumentCatalog, wanted: Wanted): Promise<Found> {
  return resolveDocument((tenant) => catalog.resolve(tenant, wanted.name), wanted);
}

/** As `findDocument`, with what the name leads to from wherever it is known. */
export async function resolveDocument(
  resolve: (tenant: Tenant) => Promise<Resolution>,
  { caller, name, action }: Wanted,
): Promise<Found> {
  const role = requireAction(caller, name, action);
  const resolution = await resolve(caller.identity.tenant);
  switch (resolution.kind) {
    case 'found':
      return { kind: 'found', record: resolution.record, role };
    case 'renamed': {
      const current = resolution.record.name;
      if (decide(caller.rights, current, 'read').kind === 'denied') throw new ScriptoriumError('document-not-found');
      return { kind: 'moved', name: current };
    }
    case 'deleted':
      throw new ScriptoriumError('document-deleted');
    case 'absent':
      throw new ScriptoriumError('document-not-found');
    default:
      return assertNever(resolution);
  }
}

/** As `findDocument`, for requests that change something: they are not passed on to another name. */
export async function findDocumentHere(catalog: DocumentCatalog, wanted: Wanted): Promise<DocumentRecord> {
  const found = await findDocument(catalog, wanted);
  if (found.kind === 'moved') throw new ScriptoriumError('document-not-found', `it is called "${found.name}" now`);
  return found.record;
}

/** The document's address under `/v1/documents`; a `/` in the name is percent-encoded. */
export function documentPath(name: DocumentName): string {
  return `/v1/documents/${encodeURIComponent(name)}`;
}

/** A record as REST shows it. */
export function toDocumentView(record: DocumentRecord, role: Role): DocumentView {
  return {
    name: record.name,
    epoch: record.epoch,
    seq: record.head,
    createdAt: new Date(record.createdAt).toISOString(),
    createdBy: record.createdBy,
    updatedAt: new Date(record.updatedAt).toISOString(),
    title: record.title,
    metadata: record.metadata,
    role,
  };
}
