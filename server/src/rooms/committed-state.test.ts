import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createCommittedState } from './committed-state.ts';

/** What a document's typing sends, one update per piece. */
function typed(pieces: readonly string[]): readonly Uint8Array[] {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const piece of pieces) doc.getText('t').insert(doc.getText('t').length, piece);
  return updates;
}

function textOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText('t').toString();
}

describe('committed state', () => {
  it('[ROOM90] it gives back the updates that were pushed, in order, byte for byte', () => {
    const updates = typed(['a', 'b'.repeat(300), 'c'.repeat(70_000), 'd']);
    const committed = createCommittedState();
    committed.push(updates.slice(0, 2));
    committed.push(updates.slice(2));
    expect(committed.parts().slice(1)).toEqual(updates);
    expect(committed.bytes).toBe(2 + updates.reduce((sum, update) => sum + update.byteLength, 0));
  });

  it('[ROOM91] what was handed out stays as it was when more is pushed, merged or rebased', () => {
    const updates = typed(Array.from({ length: 200 }, (_, index) => `${index} `));
    const committed = createCommittedState();
    committed.push(updates.slice(0, 3));
    const parts = committed.parts();
    const before = parts.map((part) => part.slice());
    committed.push(updates.slice(3));
    committed.merged();
    committed.rebase(new Uint8Array([0, 0]));
    committed.push(updates.slice(10, 20));
    expect(parts).toEqual(before);
  });

  it('[ROOM92] base and tail together are the document, merged, in parts, and as a difference', () => {
    const updates = typed(Array.from({ length: 1_200 }, (_, index) => `${index} `));
    const committed = createCommittedState(updates[0]);
    committed.push(updates.slice(1));
    const text = textOf(updates);
    expect(committed.parts().length).toBeLessThan(500);
    expect(committed.stale).toBe(false);
    expect(textOf(committed.parts())).toBe(text);
    const known = Y.encodeStateVectorFromUpdate(Y.mergeUpdates(updates.slice(0, 1_000)));
    expect(textOf([...updates.slice(0, 1_000), committed.diff(known)])).toBe(text);
    expect(textOf([committed.merged()])).toBe(text);
    expect(committed.stale).toBe(false);
  });

  it('[ROOM92] a tail that stays long, or holds half of what the base does, is worth a fresh base', () => {
    const [first = new Uint8Array(), ...more] = typed(Array.from({ length: 2_100 }, (_, index) => `${index} `));
    // Every other one lacks what came before it, so that no two go together.
    const apart = more.filter((_, index) => index % 2 === 0);
    const long = createCommittedState(first);
    long.push(apart);
    expect([long.parts().length > 1_000, long.stale]).toEqual([true, true]);
    const large = createCommittedState(first);
    large.push(typed(['x'.repeat(70_000)]));
    expect(large.stale).toBe(true);
    large.rebase(first);
    expect([large.stale, large.bytes]).toEqual([false, first.byteLength]);
  });
});
