import type { ContentFormat } from '@scriptorium/shared/content-formats';
import type { Conversions } from '../content/conversions.ts';
import { createRenderings, type Rendering, type Renderings } from '../content/renderings.ts';
import type { Position } from '../core/sequence.ts';
import type { DocumentRecord } from '../ports/document-catalog.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { CommittedState, LiveDocuments } from '../ports/live-documents.ts';
import type { RenderingKey, RenderingStore } from '../ports/rendering-store.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { Service } from '../service.ts';

export interface ContentReaderDeps {
  readonly documents: LiveDocuments;
  readonly conversions: Conversions;
  /** Bytes of renderings that this node keeps. */
  readonly cacheBytes: number;
  readonly shared: RenderingStore | null;
  readonly clock: Clock;
}

/** A content that was read. */
export interface ReadContent extends Position {
  readonly rendering: Rendering;
  /** The stored document is damaged, and this is what of it could be saved. */
  readonly damaged: boolean;
}

/** Reads documents in formats, from what was rendered before where nothing has changed. */
export interface ContentReader extends Service {
  /** Where the document stands: as it was resolved or, if it is open here, with everything that was applied before. */
  positionOf(record: DocumentRecord): Promise<Position>;
  read(record: DocumentRecord, position: Position, format: ContentFormat): Promise<ReadContent>;
  /** The state at a row. Throws `not-found` where there is none. */
  readAt(record: DocumentRecord, seq: number, format: ContentFormat): Promise<ReadContent>;
  /** Lets go of all renderings of a document, here and in the shared store; says how many. Throws `storage-unavailable`. */
  forget(documentId: DocumentId): Promise<number>;
}

/** Milliseconds between two looks for renderings that were kept for long enough. */
const TIDY_INTERVAL = 60_000;

export function createContentReader(deps: ContentReaderDeps): ContentReader {
  const { documents, conversions, clock, shared } = deps;
  const renderings = createRenderings({ maxBytes: deps.cacheBytes, shared, clock });
  /** Not shared: the others' newest would make way for it. */
  const past = createRenderings({ maxBytes: deps.cacheBytes / 4, shared: null, clock });
  const uncached = createRenderings({ maxBytes: 0, shared: null, clock });
  const caches = [renderings, past];
  const tidying = tidyNowAndThen(clock, caches);

  const render = (state: Uint8Array, format: ContentFormat): Promise<Uint8Array> =>
    format === 'yjs' ? Promise.resolve(state) : conversions.render(state, format);

  const show = async (
    cache: typeof renderings,
    { record, format }: { readonly record: DocumentRecord; readonly format: ContentFormat },
    committed: CommittedState,
  ): Promise<ReadContent> => {
    const { epoch, seq, state, damaged } = committed;
    const key = keyOf(record, { epoch, seq }, format);
    // A repair changes what is damaged without a new row.
    const rendering = await (damaged ? uncached : cache).get(key, () => render(state, format));
    return { epoch, seq, damaged, rendering };
  };

  return {
    name: 'content-reader',
    drain: async (milliseconds) => {
      tidying.cancel();
      await shared?.drain(milliseconds);
    },
    forget: async (documentId) => {
      const here = caches.reduce((sum, cache) => sum + cache.forget(documentId), 0);
      return here + ((await shared?.forget(documentId)) ?? 0);
    },
    positionOf: async (record) => {
      const known = { epoch: record.epoch, seq: record.head };
      const here = await documents.settle(record);
      // What other nodes have stored may not have come here yet, and what was resolved may be older than the room.
      return here === null || isLater(known, here) ? known : here;
    },
    async read(record, position, format) {
      const rendering = renderings.peek(keyOf(record, position, format));
      if (rendering !== undefined) return { ...position, damaged: false, rendering };
      return show(renderings, { record, format }, await documents.read(record));
    },
    async readAt(record, seq, format) {
      const rendering = past.peek(keyOf(record, { epoch: record.epoch, seq }, format));
      if (rendering !== undefined) return { epoch: record.epoch, seq, damaged: false, rendering };
      return show(past, { record, format }, await documents.readAt(record, seq));
    },
  };
}

function tidyNowAndThen(clock: Clock, caches: readonly Renderings[]): Timer {
  const arm = (): Timer =>
    clock.after(TIDY_INTERVAL, () => {
      for (const cache of caches) cache.tidy();
      timer = arm();
    });
  let timer = arm();
  return { cancel: () => timer.cancel() };
}

function keyOf({ id, createdAt }: DocumentRecord, { epoch, seq }: Position, format: ContentFormat): RenderingKey {
  return { documentId: id, createdAt, epoch, seq, format };
}

function isLater(one: Position, other: Position): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch;
}
