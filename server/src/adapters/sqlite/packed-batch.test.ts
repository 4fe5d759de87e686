import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBatch, unpackEntries, unpackOutcomes } from './packed-batch.ts';
import { OUTCOME } from './sqlite-messages.ts';

const entries = fc.array(
  fc.record(
    {
      documentId: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      epoch: fc.nat(),
      payload: fc.option(fc.uint8Array({ maxLength: 50 })),
      bindings: fc.array(fc.record({ client: fc.nat({ max: 2 ** 32 - 1 }), user: fc.string() }), { maxLength: 3 }),
      follows: fc.nat(),
    },
    { requiredKeys: ['documentId', 'epoch', 'payload', 'bindings'] },
  ),
  { maxLength: 20 },
);

describe('packed batch', () => {
  it('[LOG36] every entry comes out of the packed batch as it went in', () => {
    fc.assert(
      fc.property(entries, (made) => {
        const packed = packBatch({ incarnation: 'i', flush: 3, at: 5, retry: true, entries: made });
        expect(packed).toMatchObject({ incarnation: 'i', flush: 3, at: 5, retry: true });
        const unpacked = unpackEntries(packed).map((entry) => ({
          ...entry,
          payload: entry.payload === null ? null : new Uint8Array(entry.payload),
        }));
        expect(unpacked).toEqual(made.map((entry) => ({ ...entry, follows: entry.follows ?? -1 })));
      }),
    );
  });

  it('[LOG36] numbers become results', () => {
    expect(
      unpackOutcomes(Float64Array.of(0, 7, OUTCOME.fenced, OUTCOME.deleted, OUTCOME.refused, OUTCOME.moved)),
    ).toEqual([
      { kind: 'stored', seq: 0 },
      { kind: 'stored', seq: 7 },
      { kind: 'fenced' },
      { kind: 'deleted' },
      { kind: 'refused' },
      { kind: 'moved' },
    ]);
  });
});
