import type { RenderingKey, RenderingStore } from '../ports/rendering-store.ts';
import { createByteCache } from './byte-cache.ts';
import { compress, type Coding } from './compress.ts';
import { RENDERER_VERSION } from './renderer-version.ts';

/** Bodies below this size are sent as they are. */
const COMPRESSED_FROM = 1_024;

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
}

export function createRenderings(deps: {
  readonly maxBytes: number;
  readonly shared: RenderingStore | null;
}): Renderings {
  const cache = createByteCache<Rendering>(deps.maxBytes);
  const underWay = new Map<string, Promise<Rendering>>();

  const make = async (key: RenderingKey, render: () => Promise<Uint8Array>): Promise<Rendering> => {
    const known = (await deps.shared?.get(key)) ?? null;
    const bytes = known ?? (await render());
    if (known === null) deps.shared?.put(key, bytes);
    const rendering = createRendering(bytes);
    // What it may grow to, compressed once.
    cache.set(keyOf(key), rendering, bytes.byteLength * 1.5 + 512);
    return rendering;
  };

  return {
    peek: (key) => cache.get(keyOf(key)),
    get(key, render) {
      const name = keyOf(key);
      const known = cache.get(name);
      if (known !== undefined) return Promise.resolve(known);
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const made = make(key, render).finally(() => {
        underWay.delete(name);
      });
      underWay.set(name, made);
      return made;
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
