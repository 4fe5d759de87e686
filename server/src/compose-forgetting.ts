import type { Ground } from './compose-ground.ts';
import type { createLive } from './compose-live.ts';
import type { Search } from './compose-search.ts';
import type { Stores } from './compose-stores.ts';
import { createForgetInDocument } from './workers/forget-in-document.ts';
import { createPersonEraser, type PersonEraser } from './workers/person-eraser.ts';

/** What erases people, in columns and in documents. */
export function createForgetting(
  { clock, telemetry, node }: Ground,
  stores: Stores,
  { rooms, search }: { readonly rooms: ReturnType<typeof createLive>['rooms']; readonly search: Search | null },
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
  return createPersonEraser({ erasures: stores.personErasures, forget, refreshSearch, clock, telemetry });
}
