import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { committedStateVector } from './committed-clocks.ts';

describe('committed clocks', () => {
  it('[ACK10] what is not in the log yet is not claimed', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => void updates.push(update));
    for (const client of [1, 1, 2]) {
      doc.clientID = client;
      doc.getText('t').insert(0, 'abc');
    }
    const live = Y.encodeStateVector(doc);
    const clocksWithout = (count: number) =>
      Object.fromEntries(Y.decodeStateVector(committedStateVector(live, count === 0 ? [] : updates.slice(-count))));
    expect(clocksWithout(0)).toEqual({ 1: 6, 2: 3 });
    expect(clocksWithout(1)).toEqual({ 1: 6 });
    expect(clocksWithout(2)).toEqual({ 1: 3 });
    expect(clocksWithout(3)).toEqual({});
  });
});
