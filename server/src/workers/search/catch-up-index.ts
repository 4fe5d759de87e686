import { LEAST_REST } from '../../core/search-rest.ts';
import { compareIndex } from './compare-index.ts';
import { type ProjectDeps, projectDocuments } from './project-documents.ts';

export interface CatchUpDeps extends ProjectDeps {
  readonly isStopped: () => boolean;
}

const BATCH = 64;

/** Brings all documents into the index that are behind now; how many. Throws when the index or the store is away. */
export async function catchUpIndex(deps: CatchUpDeps): Promise<number> {
  let found = 0;
  for await (const { behind } of compareIndex(deps)) {
    const waiting = new Set(behind.keys());
    found += waiting.size;
    while (waiting.size > 0 && !deps.isStopped()) {
      const { settled, gone } = await projectDocuments(deps, [...waiting].slice(0, BATCH));
      for (const documentId of [...settled.keys(), ...gone]) waiting.delete(documentId);
      // What others hold is theirs to finish; it is looked at again when they have.
      if (settled.size + gone.length === 0) {
        await new Promise<void>((resolve) => void deps.clock.after(LEAST_REST / 2, resolve));
      }
    }
  }
  return found;
}
