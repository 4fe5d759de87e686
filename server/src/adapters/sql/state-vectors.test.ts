import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { mergeStateVectors } from './state-vectors.ts';

const clocks = fc.dictionary(fc.nat({ max: 2 ** 32 - 1 }).map(String), fc.nat({ max: 2 ** 40 }));

function encode(vector: Record<string, number>): Uint8Array {
  return Y.encodeStateVector(new Map(Object.entries(vector).map(([client, clock]) => [Number(client), clock])));
}

describe('merged state vectors', () => {
  it('[LOG42] the larger clock of each client wins, and Yjs reads the result', () => {
    fc.assert(
      fc.property(clocks, clocks, (left, right) => {
        const merged = Object.fromEntries(Y.decodeStateVector(mergeStateVectors([encode(left), null, encode(right)])));
        const clients = new Set([...Object.keys(left), ...Object.keys(right)]);
        const expected = [...clients].map((client) => [client, Math.max(left[client] ?? 0, right[client] ?? 0)]);
        expect(merged).toEqual(Object.fromEntries(expected));
      }),
    );
  });

  it('[LOG42] the encoding of one vector is that of Yjs', () => {
    fc.assert(
      fc.property(clocks, (vector) => {
        expect([...mergeStateVectors([encode(vector)])]).toEqual([...encode(vector)]);
      }),
    );
  });

  it('[LOG42] nothing merges to the empty vector, and bytes that are none are an error', () => {
    expect([...mergeStateVectors([null])]).toEqual([0]);
    expect(() => mergeStateVectors([new Uint8Array([2, 1, 1])])).toThrow('Unexpected end of array');
  });
});
