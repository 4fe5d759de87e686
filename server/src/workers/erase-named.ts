import { decodeStateVector } from 'yjs';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { ErasureRecord } from '../ports/erasure-store.ts';
import type { LiveDocuments } from '../ports/live-documents.ts';
import type { DocumentId, UpdateLog } from '../ports/update-log.ts';
import type { DocumentEraser } from './document-eraser.ts';

export interface EraseNamedDeps {
  readonly catalog: Pick<DocumentCatalog, 'resolve' | 'remove'>;
  readonly documents: Pick<LiveDocuments, 'retire'>;
  readonly eraser: Pick<DocumentEraser, 'erase'>;
  readonly clock: Clock;
}

/** Whoever alone is to have written in a document. */
interface SoleAuthor {
  readonly documentId: DocumentId;
  readonly user: string;
  readonly log: Pick<UpdateLog, 'readBindings'>;
}

export interface NamedErasure {
  readonly tenant: Tenant;
  readonly name: DocumentName;
  /** Who wants it. */
  readonly by: string;
  /** Where it is given, a document of the name is deleted only if it is this one, and holds the user's alone. */
  readonly own?: SoleAuthor;
}

/**
 * Deletes the document of a name, if there is one, and erases it and all deleted ones that had the name. `null` when there
 * is nothing of the name, or it leads to a document that is called otherwise now. Throws `precondition-failed`, and leaves
 * everything, when the document is to be somebody's own and is not.
 */
export async function eraseNamed(deps: EraseNamedDeps, erasure: NamedErasure): Promise<ErasureRecord | null> {
  const { catalog, documents, eraser, clock } = deps;
  const { tenant, name, by, own } = erasure;
  const resolution = await catalog.resolve(tenant, name);
  if (resolution.kind === 'renamed') return null;
  if (resolution.kind === 'found' && (own?.documentId ?? resolution.record.id) === resolution.record.id) {
    const { record } = resolution;
    await documents.retire(record, 'deleted', async (last) => {
      if (own !== undefined) await requireOwn(own, last.stateVector);
      const removal = await catalog.remove(tenant, name, last, { user: by, at: clock.now() });
      if (removal === 'absent') throw new ScriptoriumError('document-not-found');
      return removal === 'moved' ? { kind: 'moved' } : { kind: 'done', result: null };
    });
  }
  return eraser.erase(tenant, name, by);
}

/** What nobody is bound to may be anybody's: a copy holds what others wrote. */
async function requireOwn({ documentId, user, log }: SoleAuthor, stateVector: Uint8Array): Promise<void> {
  const owners = new Map((await log.readBindings(documentId)).map((binding) => [binding.client, binding.user]));
  for (const client of decodeStateVector(stateVector).keys()) {
    if (owners.get(client) !== user) throw new ScriptoriumError('precondition-failed', 'others have written in it');
  }
}
