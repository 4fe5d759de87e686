import type { Clock } from '../ports/clock.ts';
import type { RenderingKey, RenderingStore } from '../ports/rendering-store.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { createByteCache } from './byte-cache.ts';
import { compress, COMPRESSED_FROM, type Coding } from './compress.ts';
import { RENDERER_VERSION } from './renderer-version.ts';

/** Milliseconds for which a rendering is kept: the node hears of no erasure that another one makes. */
const KEPT = 10 * 60 * 1_000;

/** One state of a document in one format. */
export interface Rendering {
  readonly bytes: Buffer;
  /** The bytes in a coding; `null` where that is not worth it. */
  encode(coding: Coding): Promise<Buffer> | null;
}

/**
 * Renderings of this node, made once however many ask, and once in each coding. The key is the state itself, so what is
 * found is never stale. What this node does not have may be with the other nodes.
 */
export interface Renderings {
  /** The rendering, if it is here. */
  peek(key: RenderingKey): Rendering | undefined;
  /** The rendering, from wherever it is, or made by `render`. */
  get(key: RenderingKey, render: () => Promise<Uint8Array>): Promise<Rendering>;
  /** Lets go of all that this node has of a document, and keeps nothing of what is being made; says how many went. */
  forget(documentId: DocumentId): number;
  /** Lets go of what was made ten minutes ago. */
  tidy(): void;
}

interface Kept {
  readonly documentId: DocumentId;
  readonly madeAt: number;
  readonly rendering: Rendering;
}

/** A rendering that is being made. */
interface Making {
  readonly documentId: DocumentId;
  isForgotten: boolean;
}

export function createRenderings(deps: {
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly shared: RenderingStore | null;
}): Renderings {
  const { clock, shared } = deps;
  const cache = createByteCache<Kept>(deps.maxBytes);
  const underWay = new Map<string, Promise<Rendering>>();
  const makings = new Set<Making>();

  const make = async (making: Making, key: RenderingKey, render: () => Promise<Uint8Array>): Promise<Rendering> => {
    const known = (await shared?.get(key)) ?? null;
    const bytes = known ?? (await render());
    const rendering = createRendering(bytes);
    if (making.isForgotten) return rendering;
    if (known === null) shared?.put(key, bytes);
    const { documentId } = key;
    // What it may grow to, compressed once.
    cache.set(keyOf(key), { documentId, madeAt: clock.monotonic(), rendering }, bytes.byteLength * 1.5 + 512);
    return rendering;
  };

  return {
    peek: (key) => cache.get(keyOf(key))?.rendering,
    get(key, render) {
      const name = keyOf(key);
      const known = cache.get(name);
      if (known !== undefined) return Promise.resolve(known.rendering);
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const making: Making = { documentId: key.documentId, isForgotten: false };
      const made = make(making, key, render).finally(() => {
        underWay.delete(name);
        makings.delete(making);
      });
      makings.add(making);
      underWay.set(name, made);
      return made;
    },
    forget(documentId) {
      for (const making of makings) if (making.documentId === documentId) making.isForgotten = true;
      return cache.removeWhere((kept) => kept.documentId === documentId);
    },
    tidy() {
      const before = clock.monotonic() - KEPT;
      cache.removeWhere(({ madeAt }) => madeAt <= before);
    },
  };
}

function keyOf({ documentId, epoch, seq, format }: Omit<RenderingKey, 'createdAt'>): string {
  return `${documentId} ${epoch} ${seq} ${format} ${RENDERER_VERSION}`;
}

function createRendering(bytes: Uint8Array): Rendering {
  const codings = new Map<Coding, Promise<Buffer>>();
  return {
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    encode(coding) {
      if (bytes.byteLength < COMPRESSED_FROM) return null;
      const known = codings.get(coding) ?? compress(bytes, coding);
      codings.set(coding, known);
      return known;
    },
  };
}
