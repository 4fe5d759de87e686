import { expect, it } from 'vitest';
import { isObjectKey } from '../ports/snapshot-store.ts';
import { makeObjectKey } from './object-key.ts';

const place = { kind: 'snapshot', tenant: 'acme', documentId: 7, seq: 9, sha256: 'ab'.repeat(32) } as const;

it('[SNAP44] a key names tenant, document and checksum, and no two attempts have the same', () => {
  const key = makeObjectKey(place, 0.5);
  expect(key).toMatch(/^t\/acme\/d\/7\/snapshot-9-(ab){32}-[0-9a-z]{11}$/);
  expect(makeObjectKey(place, 0.5000000001)).not.toBe(key);
  const longest = { ...place, tenant: 'a'.repeat(63), documentId: 2 ** 53, seq: 2 ** 53 };
  for (const chance of [0, 1 - 2 ** -53]) expect(isObjectKey(makeObjectKey(longest, chance))).toBe(true);
});
