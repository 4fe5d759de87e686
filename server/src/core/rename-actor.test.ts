import { expect, test } from 'vitest';
import { decodeLogRow, encodeLogRow } from './log-row.ts';
import { renameActor } from './rename-actor.ts';

const UPDATE = new TextEncoder().encode('written by ada');
const ROW = encodeLogRow([
  { actor: 'ada', updates: [UPDATE, new Uint8Array([1])] },
  { actor: 'adam', updates: [new Uint8Array([2])] },
  { actor: 'ada', updates: [new Uint8Array([3])] },
]);

test('[HOOK241] A row is rewritten with a pseudonym for one actor, whole: other actors, updates and their order stay', () => {
  expect(decodeLogRow(renameActor(ROW, 'ada', 'erased-1') ?? new Uint8Array())).toEqual([
    { actor: 'erased-1', updates: [UPDATE, new Uint8Array([1])] },
    { actor: 'adam', updates: [new Uint8Array([2])] },
    { actor: 'erased-1', updates: [new Uint8Array([3])] },
  ]);
});

test('[HOOK241] A row in which the actor has no part is not rewritten, nor one that was rewritten already', () => {
  expect(renameActor(ROW, 'eve', 'erased-1')).toBeNull();
  expect(renameActor(renameActor(ROW, 'ada', 'erased-1') ?? ROW, 'ada', 'erased-1')).toBeNull();
});

test('[HOOK241] Bytes that are not a row are refused', () => {
  expect(() => renameActor(new Uint8Array([9, 9]), 'ada', 'erased-1')).toThrow('cannot be decoded');
});
