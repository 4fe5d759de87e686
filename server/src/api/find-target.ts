import type { DocumentName } from '@scriptorium/shared/document-name';
import { ScriptoriumError } from '../core/errors.ts';
import { decide } from '../core/permissions.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { WriteTarget } from '../ports/document-writer.ts';
import { requireAction, type Caller } from './authenticate.ts';

/**
 * The document that a write is about; `null` when there never was one of this name, and the caller may create it.
 * Throws `forbidden`, `document-not-found` or `document-deleted`.
 */
export async function findTarget(
  catalog: DocumentCatalog,
  { caller, name }: { readonly caller: Caller; readonly name: DocumentName },
): Promise<WriteTarget | null> {
  requireAction(caller, name, 'write');
  const resolution = await catalog.resolve(caller.identity.tenant, name);
  switch (resolution.kind) {
    case 'found':
      return resolution;
    case 'deleted':
      throw new ScriptoriumError('document-deleted');
    case 'absent':
      if (decide(caller.rights, name, 'create').kind === 'denied') throw new ScriptoriumError('document-not-found');
      return null;
    case 'renamed': {
      const today = resolution.record.name;
      // A change is not passed on to another name, and nobody is told one that they may not read.
      if (decide(caller.rights, today, 'read').kind === 'denied') throw new ScriptoriumError('document-not-found');
      throw new ScriptoriumError('document-not-found', `it is called "${today}" now`);
    }
  }
}
