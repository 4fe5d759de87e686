import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, isFrom, type RelayFrame } from './relay-format.ts';

const number = fc.nat(2 ** 48 - 1);
const bytes = fc.uint8Array({ maxLength: 300 });
const head = { node: fc.string({ maxLength: 60, unit: 'grapheme' }), sentAt: number };
const frame: fc.Arbitrary<RelayFrame> = fc.oneof(
  fc.record({
    ...head,
    kind: fc.constant('row' as const),
    epoch: number,
    seq: number,
    payload: fc.option(bytes, { nil: null }),
  }),
  fc.record({ ...head, kind: fc.constant('presence' as const), update: bytes }),
  fc.record({ ...head, kind: fc.constantFrom('alive' as const, 'goodbye' as const) }),
  fc.record({ ...head, kind: fc.constant('probe' as const), number }),
);

describe('[ROOM38] the format of relayed messages', () => {
  it('gives back what was put in, and tells whose it is', () => {
    fc.assert(
      fc.property(frame, (sent) => {
        const encoded = encodeFrame(sent);
        expect(decodeFrame(encoded)).toEqual(sent);
        expect(isFrom(encoded, Buffer.from(sent.node))).toBe(true);
        expect(isFrom(encoded, Buffer.from(`${sent.node}x`))).toBe(false);
      }),
    );
  });

  it('takes any bytes without throwing, and none of them for a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        const asked = Buffer.from(any);
        isFrom(asked, Buffer.from('node'));
        expect(decodeFrame(asked)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it('notices every change to a message: a byte, a cut, something in front or behind', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, place, change) => {
        const encoded = encodeFrame(sent);
        const at = place % encoded.byteLength;
        const flipped = Buffer.from(encoded);
        flipped[at] = flipped[at]! ^ change;
        const mutants = [
          flipped,
          encoded.subarray(0, at),
          encoded.subarray(at + 1),
          Buffer.concat([encoded, Buffer.of(change)]),
          Buffer.concat([Buffer.of(change), encoded]),
          Buffer.concat([encoded.subarray(0, at), encoded]),
        ];
        for (const mutant of mutants) {
          isFrom(mutant, Buffer.from(sent.node));
          if (mutant.equals(encoded)) continue;
          expect(decodeFrame(mutant)).toBeNull();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps its content when the bytes it came in are used again', () => {
    const encoded = encodeFrame({ kind: 'row', node: 'n', sentAt: 1, epoch: 1, seq: 1, payload: Uint8Array.of(1, 2) });
    const decoded = decodeFrame(encoded);
    encoded.fill(0);
    expect(decoded).toMatchObject({ payload: Uint8Array.of(1, 2) });
  });

  it('is small: a row of fifty bytes travels in a hundred and twenty', () => {
    const node = '3f0c1a8e-6a1e-4b62-9f0f-6d5a1b2c3d4e';
    const sent = { kind: 'row', node, sentAt: 1, epoch: 1, seq: 9, payload: new Uint8Array(50) } as const;
    expect(encodeFrame(sent).byteLength).toBeLessThanOrEqual(120);
  });
});
