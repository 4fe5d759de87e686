import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { storedUpdateLimits } from './limits.ts';
import { isCompleteState, stateVectorOfWhole } from './update-complete.ts';
import { parseUpdate, type ParsedUpdate } from './update-parser.ts';

function parse(update: Uint8Array): ParsedUpdate {
  const parsed = parseUpdate(update, storedUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error(parsed.detail);
  return parsed;
}

function isComplete(update: Uint8Array): boolean {
  return isCompleteState(parse(update));
}

/** Updates of two people who write between each other's words, delete, and nest. */
function write(): readonly Uint8Array[] {
  const [ada, ben] = [new Y.Doc(), new Y.Doc()];
  [ada.clientID, ben.clientID] = [1, 2];
  const updates: Uint8Array[] = [];
  for (const [from, to] of [
    [ada, ben],
    [ben, ada],
  ] as const) {
    from.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'remote') return;
      updates.push(update);
      Y.applyUpdate(to, update, 'remote');
    });
  }
  ada.getText('t').insert(0, 'one three');
  ben.getText('t').insert(4, 'two ');
  ada.getMap('m').set('list', new Y.Array());
  (ben.getMap('m').get('list') as Y.Array<number>).push([1, 2, 3]);
  ada.getText('t').delete(0, 6);
  ben.getText('t').insert(0, 'end');
  return updates;
}

describe('a state', () => {
  it('[SNAP16] is whole when nothing in it refers to what is not there', () => {
    const updates = write();
    expect(isComplete(Y.mergeUpdates([...updates]))).toBe(true);
    expect(isComplete(new Uint8Array([0, 0]))).toBe(true);
  });

  it('[SNAP16] is not whole without any one of the updates that others hang on', () => {
    const updates = write();
    for (const left of [0, 1, 2]) {
      const some = updates.filter((_, index) => index !== left);
      const doc = new Y.Doc();
      for (const update of some) Y.applyUpdate(doc, update);
      expect(doc.store.pendingStructs).not.toBeNull();
      expect(isComplete(Y.mergeUpdates(some))).toBe(false);
    }
  });

  it('[SNAP16] is whole in parts, with the clocks that the parts have together', () => {
    const updates = write();
    const parsed = updates.map((update) => parse(update));
    const clocks = stateVectorOfWhole(parsed);
    expect(new Map(clocks)).toEqual(Y.decodeStateVector(Y.encodeStateVectorFromUpdate(Y.mergeUpdates([...updates]))));
    for (const left of [0, 1, 2]) expect(stateVectorOfWhole(parsed.filter((_, index) => index !== left))).toBeNull();
  });

  it('[SNAP16] is not whole when it deletes what is not there', () => {
    const doc = new Y.Doc();
    doc.getText('t').insert(0, 'word');
    const before = Y.encodeStateVector(doc);
    const whole = Y.encodeStateAsUpdate(doc);
    doc.getText('t').delete(1, 2);
    expect(isComplete(Y.encodeStateAsUpdate(doc))).toBe(true);
    expect(isComplete(Y.encodeStateAsUpdate(doc, before))).toBe(false);
    expect(stateVectorOfWhole([parse(whole), parse(Y.encodeStateAsUpdate(doc, before))])).not.toBeNull();
  });
});
