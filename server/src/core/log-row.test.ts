import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesInLogRow, decodeLogRow, encodeLogRow, type LogSegment } from './log-row.ts';
import { bytesOf } from './pending-row.ts';

const segments = fc.array(
  fc.record({
    actor: fc.string({ unit: 'grapheme', maxLength: 40 }),
    updates: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
  }),
  { maxLength: 8 },
);

const quarantined: unknown = expect.objectContaining({ code: 'document-quarantined' });

function encodedExample(): Uint8Array {
  const update = new Uint8Array([1, 2, 3]);
  return encodeLogRow([
    { actor: 'ada', updates: [update, update] },
    { actor: 'lin', updates: [update] },
  ]);
}

describe('log row', () => {
  it('[LOG20] a row reads back as the segments it was made of: order, actors, and bytes as sent', () => {
    fc.assert(
      fc.property(segments, (made: readonly LogSegment[]) => {
        expect(decodeLogRow(encodeLogRow(made))).toEqual(made);
      }),
    );
  });

  it('[LOG20] the bytes stand where the format says', () => {
    const row = encodeLogRow([{ actor: 'é', updates: [new Uint8Array([9, 8]), new Uint8Array()] }]);
    expect([...row]).toEqual([1, 1, 2, 0xc3, 0xa9, 2, 2, 9, 8, 0]);
  });

  it('[LOG20] a row inside a larger buffer reads the same', () => {
    const row = encodedExample();
    const buffer = new Uint8Array(row.length + 20).fill(255);
    buffer.set(row, 7);
    expect(decodeLogRow(buffer.subarray(7, 7 + row.length))).toEqual(decodeLogRow(row));
  });

  it('[LOG21] a row that is cut short or goes on is quarantined, wherever that happens', () => {
    const row = encodedExample();
    for (let length = 0; length < row.length; length += 1) {
      expect(() => decodeLogRow(row.subarray(0, length))).toThrow(quarantined);
    }
    expect(() => decodeLogRow(new Uint8Array([...row, 0]))).toThrow(quarantined);
  });

  it('[LOG21] a row of another format is quarantined, not guessed at', () => {
    const row = encodedExample();
    row[0] = 2;
    expect(() => decodeLogRow(row)).toThrow(quarantined);
  });

  it('[LOG21] any bytes are either a row or quarantined, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeLogRow(new Uint8Array([1, ...bytes]));
        } catch (error) {
          expect(error).toEqual(quarantined);
        }
      }),
    );
  });

  it('[LOG21] the bytes in a row are counted as it is decoded, and not where it cannot be', () => {
    const anyBytes = fc.uint8Array({ maxLength: 60 }).map((bytes) => new Uint8Array([1, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(anyBytes, segments.map(encodeLogRow)), (row) => {
        let expected: number;
        try {
          expected = decodeLogRow(row).reduce((sum, { updates }) => sum + bytesOf(updates), 0);
        } catch {
          expect(() => bytesInLogRow(row)).toThrow(quarantined);
          return;
        }
        expect(bytesInLogRow(row)).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
