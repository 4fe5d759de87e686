import type { DocumentName } from '@scriptorium/shared/document-name';
import type { Action } from '@scriptorium/shared/roles';
import { ScriptoriumError } from '../core/errors.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { WriteTarget } from '../ports/document-writer.ts';
import type { Caller } from './authenticate.ts';
import { findDocumentHere } from './find-document.ts';

/** As `findDocumentHere`, with the tombstone that an edit of the document needs. */
export async function findEditable(
  catalog: DocumentCatalog,
  wanted: { readonly caller: Caller; readonly name: DocumentName; readonly action: Action },
): Promise<WriteTarget> {
  await findDocumentHere(catalog, wanted);
  const resolution = await catalog.resolve(wanted.caller.identity.tenant, wanted.name);
  if (resolution.kind !== 'found') throw new ScriptoriumError('document-not-found');
  return resolution;
}
