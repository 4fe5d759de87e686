import { parseDocumentName, parseTenant } from '@scriptorium/shared/document-name';
import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../../test/support/silent-telemetry.ts';
import { createInProcessLeases } from '../../adapters/in-process/document-leases.ts';
import { ScriptoriumError } from '../../core/errors.ts';
import type { SearchEntry } from '../../ports/search-index.ts';
import type { DocumentRecord } from '../../ports/document-catalog.ts';
import type { DocumentId } from '../../ports/update-log.ts';
import { createSearchProjection, type ProjectionDeps } from './search-projection.ts';

/** Documents of which only the heads and sizes matter, an index that notes its writes, and a clock that is moved by hand. */
function createWorld({ followsAll = true, hearsSearches = false } = {}) {
  const clock = createFakeClock();
  const heads = new Map<DocumentId, number>();
  const bytes = new Map<DocumentId, number>();
  const unreadable = new Set<DocumentId>();
  const indexed = new Map<DocumentId, SearchEntry>();
  const writes: { readonly at: number; readonly documentId: DocumentId; readonly seq: number }[] = [];
  const reading: (() => void)[] = [];
  let looks = 0;
  const toRecord = (id: DocumentId): DocumentRecord => {
    const [tenant, name] = [parseTenant('t'), parseDocumentName(`d/${id}`)];
    if (tenant === null || name === null) throw new Error('not a name');
    const times = { createdAt: 0, updatedAt: 0 };
    return { id, tenant, name, epoch: 1, head: heads.get(id) ?? 0, ...times } as DocumentRecord;
  };
  const deps: ProjectionDeps = {
    clock,
    leases: createInProcessLeases(),
    node: 'node',
    telemetry: createSilentTelemetry(),
    followsAll,
    hearsSearches,
    index: {
      write: async (entries) => {
        for (const entry of entries) {
          indexed.set(entry.documentId, entry);
          writes.push({ at: clock.monotonic(), documentId: entry.documentId, seq: entry.seq });
        }
      },
      readIndexed: async (ids) => {
        looks += 1;
        return new Map(ids.flatMap((id) => [indexed.get(id)].flatMap((it) => (it ? [[id, it]] : []))));
      },
      remove: async () => undefined,
      erase: async () => undefined,
      search: () => Promise.reject(new Error('nobody searches')),
      beginRebuild: () => Promise.reject(new Error('nobody rebuilds')),
      close: async () => undefined,
    },
    directory: {
      readLive: async (ids) => ids.filter((id) => heads.has(id)).map(toRecord),
      readPage: async () => ({ entries: [], next: null }),
      readChangedSince: async () => [...heads].map(([documentId, head]) => ({ documentId, epoch: 1, head })),
    },
    documents: {
      readParts: async ({ id, epoch }) => {
        if (unreadable.has(id)) throw new ScriptoriumError('storage-unavailable');
        const seq = heads.get(id) ?? 0;
        if (reading.length > 0) await new Promise<void>((resolve) => void reading.push(resolve));
        return {
          epoch,
          seq,
          parts: [Y.encodeStateAsUpdate(new Y.Doc()), new Uint8Array(bytes.get(id) ?? 0)].slice(0, 1),
        };
      },
    },
    log: { readBindings: async () => [] },
    conversions: { run: () => Promise.reject(new Error('nothing is large')) },
    deadLetters: { read: async () => [], put: async () => undefined, remove: async () => undefined },
    cursors: { register: async () => undefined, advanceAll: async () => undefined } as never,
  };
  const projection = createSearchProjection(deps);
  const commit = (id: DocumentId, tells = true): void => {
    heads.set(id, (heads.get(id) ?? 0) + 1);
    if (tells) projection.note(id, 1);
  };
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 50) {
      clock.advance(50);
      await clock.settle();
    }
  };
  return { clock, commit, pass, projection, writes, unreadable, reading, looks: () => looks };
}

describe('the projection', () => {
  let world: ReturnType<typeof createWorld>;
  beforeEach(async () => {
    world = createWorld();
    await world.clock.settle();
  });

  it('[FIND151] a change goes in a moment after it, and the next ones when the document has rested, without idle waiting', async () => {
    const { commit, pass, writes } = world;
    commit(1);
    await pass(300);
    expect(writes).toEqual([{ at: 300, documentId: 1, seq: 1 }]);
    for (let edit = 0; edit < 10; edit += 1) {
      commit(1);
      await pass(50);
    }
    await pass(2_000);
    expect(writes.slice(1)).toEqual([{ at: 1_300, documentId: 1, seq: 11 }]);
  });

  it('[FIND154] what is committed while the index is being written is not missed, told or not', async () => {
    for (const followsAll of [false, true]) {
      const { clock, commit, pass, writes, reading } = createWorld({ followsAll });
      await clock.settle();
      reading.push(() => undefined);
      commit(7);
      await pass(1_500);
      expect(writes).toEqual([]);
      commit(7, !followsAll);
      for (const go of reading.splice(0)) go();
      await pass(3_000);
      expect(writes.map(({ seq }) => seq)).toEqual([1, 2]);
    }
  });

  it('[FIND153] what others committed is found by looking, and looked at once', async () => {
    const { commit, pass, writes, looks } = world;
    commit(3, false);
    await pass(1_400);
    expect(writes).toMatchObject([{ documentId: 3, seq: 1 }]);
    commit(4);
    await pass(10_000);
    expect([writes.length, looks()]).toEqual([2, 2]);
  });

  it('[FIND155] a document that cannot be read at present keeps out no other, and goes in when it can', async () => {
    const { commit, pass, writes, unreadable } = world;
    unreadable.add(1);
    commit(1);
    commit(2);
    await pass(400);
    expect(writes).toMatchObject([{ documentId: 2 }]);
    unreadable.clear();
    await pass(2_000);
    expect(writes).toMatchObject([{ documentId: 2 }, { documentId: 1 }]);
  });

  it('[FIND156] while nobody searches changes are collected, and whoever begins to finds them', async () => {
    const { clock, commit, pass, projection, writes } = createWorld({ hearsSearches: true });
    await clock.settle();
    for (let edit = 0; edit < 30; edit += 1) {
      commit(1);
      await pass(2_000);
    }
    expect(writes).toEqual([]);
    const searches = [projection.wake(), projection.wake()].map((wake) =>
      wake.then(() => writes.map(({ seq }) => seq)),
    );
    await pass(100);
    expect(await Promise.all(searches)).toEqual([[30], [30]]);
    commit(1);
    await pass(1_500);
    expect(writes.map(({ seq }) => seq)).toEqual([30, 31]);
  });

  it('[FIND156] whoever begins to search finds what other nodes committed a moment ago, which is seldom looked for till then', async () => {
    const { clock, commit, pass, projection, writes, looks } = createWorld({ hearsSearches: true });
    await clock.settle();
    await pass(5_000);
    const before = looks();
    commit(9, false);
    await pass(10_000);
    expect([writes.length, looks()]).toEqual([0, before]);
    const search = projection.wake().then(() => writes.map(({ documentId }) => documentId));
    await pass(100);
    expect(await search).toEqual([9]);
  });

  it('[FIND156] collected changes go in after five minutes at the latest', async () => {
    const { clock, commit, pass, writes } = createWorld({ hearsSearches: true });
    await clock.settle();
    commit(1);
    await pass(299_000);
    commit(2);
    expect(writes).toEqual([]);
    await pass(2_000);
    expect(writes.map(({ documentId }) => documentId)).toEqual([1, 2]);
  });

  it('[FIND156] a search waits no longer than a second for a store that does not answer', async () => {
    const { clock, commit, pass, projection, reading, writes } = createWorld({ hearsSearches: true });
    await clock.settle();
    reading.push(() => undefined);
    commit(1);
    let found: number | null = null;
    const search = projection.wake().then(() => {
      found = writes.length;
    });
    await pass(900);
    expect(found).toBe(null);
    await pass(200);
    expect(found).toBe(0);
    for (const go of reading.splice(0)) go();
    await search;
  });
});
