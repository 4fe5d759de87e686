import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePresenceRelay, encodePresenceRelay, type PresenceRelay } from './presence-relay.ts';
import { splitPresenceUpdate, MalformedAwareness } from './presence-update.ts';

const relay: fc.Arbitrary<PresenceRelay> = fc.record({
  kind: fc.constantFrom('changes' as const, 'all' as const, 'hello' as const),
  stamp: fc.nat(),
  claims: fc.array(
    fc.record({
      client: fc.nat(2 ** 32),
      clock: fc.nat(),
      age: fc.nat(),
      user: fc.string({ unit: 'grapheme' }),
      state: fc.oneof(
        fc.constant('null'),
        fc.object().map((value) => JSON.stringify(value)),
      ),
    }),
    { maxLength: 5 },
  ),
});

/** Decodes, or says that it is malformed; anything else thrown is a fault. */
function attempt(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedAwareness) return 'malformed';
    throw error;
  }
}

describe('[ROOM47] messages between nodes about who is here', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(relay, (sent) => {
        expect(decodePresenceRelay(encodePresenceRelay(sent))).toEqual(sent);
      }),
    );
  });

  it('any bytes are a message or malformed, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        attempt(() => decodePresenceRelay(bytes));
        attempt(() => splitPresenceUpdate(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('cut short, prolonged, of another version, or with a state that is no object, they are malformed', () => {
    fc.assert(
      fc.property(relay, fc.nat(), (sent, place) => {
        const bytes = encodePresenceRelay(sent);
        const cut = bytes.subarray(0, place % bytes.byteLength);
        for (const wrong of [cut, Uint8Array.of(...bytes, 0), Uint8Array.of(9, ...bytes.subarray(1))]) {
          expect(attempt(() => decodePresenceRelay(wrong))).toBe('malformed');
        }
      }),
    );
    for (const state of ['1', '"text"', 'true', '{', '']) {
      const claims = [{ client: 1, clock: 1, age: 1, user: 'ada', state }];
      const bytes = encodePresenceRelay({ kind: 'all', stamp: 1, claims });
      expect(attempt(() => decodePresenceRelay(bytes))).toBe('malformed');
    }
  });
});
