import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { storedUpdateLimits } from './limits.ts';
import { isCompleteState } from './update-complete.ts';
import { parseUpdate } from './update-parser.ts';

function isComplete(update: Uint8Array): boolean {
  const parsed = parseUpdate(update, storedUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error(parsed.detail);
  return isCompleteState(parsed);
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
});
