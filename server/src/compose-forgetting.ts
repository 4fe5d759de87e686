import type { Ground } from './compose-ground.ts';
import type { createLive } from './compose-live.ts';
import type { Search } from './compose-search.ts';
import type { Stores } from './compose-stores.ts';
import type { DocumentEraser } from './workers/document-eraser.ts';
import { eraseNamed } from './workers/erase-named.ts';
import { createForgetInDocument } from './workers/forget-in-document.ts';
import { createPersonEraser, type PersonEraser } from './workers/person-eraser.ts';

type ForgettingDeps = Pick<ReturnType<typeof createLive>, 'rooms' | 'documents'> & {
  readonly eraser: DocumentEraser;
  readonly search: Search | null;
};

/** What erases people, in columns and in documents. */
export function createForgetting(
  { clock, telemetry, node }: Ground,
  stores: Stores,
  { rooms, documents, eraser, search }: ForgettingDeps,
): PersonEraser {
  const forget = createForgetInDocument({
    ...stores,
    clock,
    node,
    rooms,
    inlineSegmentBytes: stores.inlineLimits.segmentBytes,
    // With the epoch that has risen its entry is behind on every node, which others find out by comparing.
    onForgotten: (documentId) => search?.note(documentId),
  });
  const refreshSearch: Parameters<typeof createPersonEraser>[0]['refreshSearch'] = async (documentIds) => {
    if (search === null || documentIds.length === 0) return;
    await search.erase(documentIds);
    for (const documentId of documentIds) search.note(documentId);
  };
  const eraseOwn: Parameters<typeof createPersonEraser>[0]['eraseOwn'] = async ({
    id: documentId,
    tenant,
    name,
    user,
  }) => {
    const named = { tenant, name, by: 'system', own: { documentId, user, log: stores.log } };
    return (await eraseNamed({ catalog: stores.catalog, documents, eraser, clock }, named)) !== null;
  };
  return createPersonEraser({
    erasures: stores.personErasures,
    forget,
    eraseOwn,
    refreshSearch,
    clock,
    telemetry,
  });
}
