import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { parseValid } from '../../test/support/gate-subject.ts';
import { buildUpdate, fromHex, gc, text, type } from '../../test/support/update-builder.ts';
import { bytesOf } from '../core/pending-row.ts';
import { createMergedState } from './merged-state.ts';

function load(encoded: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, encoded);
  return doc;
}

const hello = buildUpdate([{ client: 1, structs: [text('hello')] }]);

describe('applying', () => {
  it('[GATE18] tells whether an update brought anything, structs, collected ones and deletions alike', () => {
    const state = createMergedState();
    const collected = buildUpdate([{ client: 2, structs: [gc(3)] }]);
    const deletion = buildUpdate([], [{ client: 1, ranges: [[1, 2]] }]);
    for (const update of [hello, collected, deletion]) {
      expect(state.apply(update).changed).toBe(true);
      expect(state.apply(update).changed).toBe(false);
    }
    expect(state.apply(fromHex('00 00')).changed).toBe(false);
  });

  it('[GATE18] gives what an update really brought, and nothing for what is known', () => {
    const state = createMergedState();
    state.apply(hello);
    const more = buildUpdate([
      { client: 1, structs: [text('hello world')] },
      { client: 2, structs: [gc(1)] },
    ]);
    const diff = state.applyForDiff(more);
    expect(diff).not.toBeNull();
    const other = createMergedState();
    other.apply(hello);
    other.apply(diff ?? hello);
    expect(other.encode()).toEqual(state.encode());
    expect(diff?.length ?? 0).toBeLessThan(more.length);
    expect(state.applyForDiff(more)).toBeNull();
  });

  it('[GATE18] never adds an edit of its own, where a client would clean up formatting', () => {
    const doc = new Y.Doc();
    const nested = doc.getMap('map').set('text', new Y.Text('hello world'));
    expect(nested.length).toBe(11);
    const base = Y.encodeStateAsUpdate(doc);
    const bold = [3, 4].map((client) => {
      const copy = load(base);
      copy.clientID = client;
      (copy.getMap('map').get('text') as Y.Text).format(0, 5, { bold: true });
      return Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
    });
    const client = new Y.Doc();
    const sent: Uint8Array[] = [];
    client.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') sent.push(update);
    });
    const state = createMergedState();
    for (const update of [base, ...bold]) {
      Y.applyUpdate(client, update, 'server');
      state.apply(update);
    }
    // The test would prove nothing if a client had nothing to clean up.
    expect(sent).toHaveLength(1);
    expect(sent.map((update) => state.contains(parseValid(update)))).toEqual([false]);
    const reloaded = createMergedState();
    reloaded.apply(Y.mergeUpdates([base, ...bold]));
    expect(reloaded.encode()).toEqual(state.encode());
  });

  it('[GATE18] keeps the clientID of its document out of the way', () => {
    const state = createMergedState();
    for (const client of [0, 1, 2 ** 32 - 1, 2 ** 53 - 1])
      expect(state.apply(buildUpdate([{ client, structs: [gc(1)] }])).changed).toBe(true);
    expect(state.clientCount).toBe(4);
  });
});

describe('reading', () => {
  it('[GATE18] gives what somebody lacks, and refuses what is no state vector', () => {
    const state = createMergedState();
    state.apply(hello);
    const behind = load(hello);
    state.apply(buildUpdate([{ client: 2, structs: [text('!', { origin: [1, 4] })] }]));
    Y.applyUpdate(behind, state.diff(Y.encodeStateVector(behind)));
    expect(behind.getText('text').toString()).toBe('hello!');
    expect(Y.encodeStateVector(behind)).toEqual(state.stateVector());
    expect(() => state.diff(fromHex('ff ff ff 7f'))).toThrow('malformed-message');
    expect(() => state.diff(Y.encodeStateVector(new Map(Array.from({ length: 30_000 }, (_, id) => [id, 1]))))).toThrow(
      'limit-exceeded',
    );
  });

  it('[GATE18] tells whether it contains an update', () => {
    const state = createMergedState();
    const deletion = parseValid(
      buildUpdate([{ client: 1, structs: [text('hel')] }], [{ client: 1, ranges: [[1, 2]] }]),
    );
    expect(state.contains(deletion)).toBe(false);
    state.apply(hello);
    expect(state.contains(parseValid(hello))).toBe(true);
    expect(state.contains(deletion)).toBe(false);
    state.apply(buildUpdate([], [{ client: 1, ranges: [[0, 4]] }]));
    expect(state.contains(deletion)).toBe(true);
    expect(state.contains(parseValid(buildUpdate([], [{ client: 1, ranges: [[3, 2]] }])))).toBe(false);
    expect(state.contains(parseValid(buildUpdate([], [{ client: 1, ranges: [[3, 9]] }])))).toBe(false);
  });

  it('[GATE18] tells root and depth of structs, and of none that is unknown or collected', () => {
    const state = createMergedState();
    state.apply(
      buildUpdate([
        {
          client: 1,
          structs: [
            type(3, { parent: 'xml' }),
            type(6, { parent: [1, 0] }),
            text('deep', { parent: [1, 1] }),
            text('attr', { origin: [1, 5] }),
          ],
        },
        { client: 2, structs: [gc(2)] },
      ]),
    );
    expect([0, 1, 2, 4, 6].map((clock) => state.depthOf(1, clock))).toEqual([1, 2, 3, 3, 3]);
    expect([0, 1, 6].map((clock) => state.rootOf(1, clock))).toEqual(['xml', 'xml', 'xml']);
    for (const [client, clock] of [
      [1, 10],
      [2, 0],
      [3, 0],
    ] as const) {
      expect(state.depthOf(client, clock)).toBeNull();
      expect(state.rootOf(client, clock)).toBeNull();
    }
    expect([state.rootCount, state.hasRoot('xml'), state.hasRoot('text')]).toEqual([1, true, false]);
  });

  it('[GATE18] takes any kind of root and estimates its size', () => {
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'x'.repeat(1000), { bold: true });
    doc.getMap('m').set('k', new Y.Array());
    doc.getXmlFragment('x').insert(0, [new Y.XmlElement('p')]);
    const state = createMergedState();
    const encoded = Y.encodeStateAsUpdate(doc);
    state.apply(encoded);
    expect(load(state.encode()).getText('t').toString()).toBe(doc.getText('t').toString());
    expect(state.size).toBeGreaterThan(900);
    expect(state.size).toBeLessThan(2 * encoded.length);
    expect(state.hasPending()).toBe(false);
    state.apply(buildUpdate([{ client: 77, clock: 5, structs: [gc(1)] }]));
    expect(state.hasPending()).toBe(true);
    state.destroy();
  });
});

describe('the size of a state', () => {
  /** What typing sends, letter by letter: some twenty bytes for each. */
  function typeLetters(letters: number): readonly Uint8Array[] {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    for (let index = 0; index < letters; index += 1) doc.getText('text').insert(index, 'x');
    return updates;
  }

  it('[ROOM109] is measured before it counts as too large, and again when it has grown', () => {
    const state = createMergedState();
    for (const update of typeLetters(1_000)) state.apply(update);
    expect(state.size).toBeGreaterThan(10_000);
    expect(state.isLarger(2_000)).toBe(false);
    expect(state.size).toBe(state.encode().length);
    expect(state.isLarger(900)).toBe(true);
    expect(state.isLarger(-1)).toBe(true);
  });

  it('[ROOM109] falls with what is deleted, and rises with what a deletion divides', () => {
    const doc = new Y.Doc({ gc: true });
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    doc.getText('text').insert(0, 'x'.repeat(20_000));
    const state = createMergedState();
    state.applyAll(updates.splice(0));
    expect(state.isLarger(16_000)).toBe(true);
    doc.transact(() => {
      for (let at = 0; at < 1_000; at += 1) doc.getText('text').delete(at, 1);
    });
    state.applyAll(updates.splice(0));
    expect(state.size).toBeGreaterThanOrEqual(state.diff(Uint8Array.of(0)).length);
    doc.getText('text').delete(0, doc.getText('text').length);
    state.applyAll(updates.splice(0));
    expect(state.isLarger(16_000)).toBe(false);
  });

  it('[ROOM109] is not measured for each update that is refused', () => {
    const state = createMergedState();
    for (const update of typeLetters(1_000)) state.apply(update);
    state.encode();
    const [more = hello] = typeLetters(1);
    state.apply(more);
    const estimate = state.size;
    for (let asked = 0; asked < 10; asked += 1) expect(state.isLarger(estimate - 1)).toBe(true);
    expect(state.size).toBe(estimate);
  });
});

describe('a state that is merged later', () => {
  const world = buildUpdate(
    [{ client: 2, structs: [text(' world', { origin: [1, 4] })] }],
    [{ client: 1, ranges: [[0, 1]] }],
  );
  const updates = [hello, world];
  const stateVector = new Map([
    [2, 6],
    [1, 5],
  ]);
  /** Each refers to the other, so that neither can be merged first. */
  const circle = buildUpdate([
    { client: 2, structs: [text('b', { origin: [1, 0] })] },
    { client: 1, structs: [text('a', { origin: [2, 0] })] },
  ]);

  function merged() {
    const state = createMergedState();
    state.applyAll(updates);
    return state;
  }

  function unmerged(bytes: readonly Uint8Array[] = updates) {
    const errors: unknown[] = [];
    const onUnusable = (error: unknown): void => void errors.push(error);
    return { state: createMergedState({ updates: bytes, stateVector, onUnusable }), errors };
  }

  it('[ROOM94] says what it says once it is merged', () => {
    const { state, errors } = unmerged();
    const known = [state.stateVector(), state.size];
    expect(known).toEqual([merged().stateVector(), bytesOf(updates)]);
    state.mergeNow();
    expect([state.stateVector(), state.size]).toEqual(known);
    expect([state.hasPending(), errors]).toEqual([false, []]);
  });

  it('[ROOM94] is merged by whatever needs it', () => {
    const more = buildUpdate([{ client: 3, structs: [text('!', { origin: [2, 5] })] }]);
    const expected = merged();
    expected.apply(more);
    const { state } = unmerged();
    expect(state.apply(more)).toEqual({ changed: true });
    expect(unmerged().state.apply(hello)).toEqual({ changed: false });
    expect(state.encode()).toEqual(expected.encode());
    expect(unmerged().state.diff(Uint8Array.of(0))).toEqual(merged().encode());
    expect([unmerged().state.clock(2), unmerged().state.hasRoot('text')]).toEqual([6, true]);
  });

  it('[ROOM95] tells once that it cannot be merged, and merges nothing when it is given up', () => {
    const { state, errors } = unmerged([circle]);
    state.mergeNow();
    expect(errors.map(String)).toEqual([expect.stringContaining('waits')]);
    state.mergeNow();
    expect(errors).toHaveLength(1);
    const needed = unmerged([circle]);
    expect(() => needed.state.clock(1)).toThrow('waits');
    expect(needed.errors).toHaveLength(1);
    const given = unmerged([circle]);
    given.state.destroy();
    given.state.mergeNow();
    expect(given.errors).toEqual([]);
  });
});
