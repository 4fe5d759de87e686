import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHistorySegment, encodeHistorySegment, type HistoryRun } from './history-segment.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

const runs: fc.Arbitrary<HistoryRun> = fc
  .record({
    documentId: fc.nat(2 ** 40),
    first: fc.integer({ min: 1, max: 2 ** 40 }),
    rows: fc.array(fc.record({ at: fc.nat(2_000_000_000_000), payload: fc.uint8Array({ maxLength: 60 }) }), {
      minLength: 1,
      maxLength: 12,
    }),
  })
  .map(({ documentId, first, rows }) => ({
    documentId,
    rows: rows.map((row, index) => ({ ...row, seq: first + index })),
  }));

describe('history segment', () => {
  it('[SNAP11] a segment reads back as the rows it was made of: numbers, times and bytes', () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(decodeHistorySegment(encodeHistorySegment(run, sha256), sha256)).toEqual(run);
      }),
    );
  });

  it('[SNAP11] the bytes stand where the format says', () => {
    const run = {
      documentId: 7,
      rows: [
        { seq: 300, at: 1_000, payload: new Uint8Array([9, 8]) },
        { seq: 301, at: 998, payload: new Uint8Array() },
      ],
    };
    const bytes = encodeHistorySegment(run, sha256);
    const body = [0x53, 0x43, 0x48, 0x53, 1, 7, 0xac, 2, 2, 0xd0, 0x0f, 2, 9, 8, 3, 0];
    expect([...bytes.subarray(0, -32)]).toEqual(body);
    expect([...bytes.subarray(-32)]).toEqual([...sha256(new Uint8Array(body))]);
  });

  it('[SNAP12] every flipped bit, every truncation and every byte too many is noticed', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const bytes = encodeHistorySegment(run, sha256);
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const flipped = bytes.slice();
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(decodeHistorySegment(flipped, sha256)).toBeNull();
        }
        for (let length = 0; length < bytes.length; length += 1) {
          expect(decodeHistorySegment(bytes.subarray(0, length), sha256)).toBeNull();
        }
        expect(decodeHistorySegment(new Uint8Array([...bytes, 0]), sha256)).toBeNull();
      }),
      { numRuns: 10 },
    );
  });

  it('[SNAP12] bytes with a right checksum that are no segment of a known format are none', () => {
    const run = { documentId: 7, rows: [{ seq: 1, at: 5, payload: new Uint8Array([1, 2, 3]) }] };
    const sealed = (body: Uint8Array): Uint8Array => new Uint8Array([...body, ...sha256(body)]);
    const body = encodeHistorySegment(run, sha256).subarray(0, -32);
    expect(decodeHistorySegment(sealed(body), sha256)).toEqual(run);
    expect(decodeHistorySegment(sealed(body.slice().fill(2, 4, 5)), sha256)).toBeNull();
    expect(decodeHistorySegment(sealed(body.slice().fill(0x52, 0, 1)), sha256)).toBeNull();
    expect(decodeHistorySegment(sealed(body.subarray(0, -1)), sha256)).toBeNull();
    expect(decodeHistorySegment(sealed(new Uint8Array([...body, 0])), sha256)).toBeNull();
    expect(decodeHistorySegment(sealed(body.subarray(0, 5)), sha256)).toBeNull();
    const many = new Uint8Array([...body.subarray(0, 7), 0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(decodeHistorySegment(sealed(many), sha256)).toBeNull();
  });
});
