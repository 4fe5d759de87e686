import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../test/support/update-builder.ts';
import { decodeStateVector, parseStateVector } from './update-state-vector.ts';

describe('state vectors of clients', () => {
  it('[GATE17] a state vector is read as Yjs writes it', () => {
    const clocks = new Map([
      [5, 3],
      [4_294_967_295, 2 ** 35],
    ]);
    expect(parseStateVector(Y.encodeStateVector(clocks))).toEqual(clocks);
    expect(parseStateVector(fromHex('00'))).toEqual(new Map());
  });

  it('[GATE17] more entries than the bound are refused (svHuge1M)', () => {
    const encode = (count: number) =>
      Y.encodeStateVector(new Map(Array.from({ length: count }, (_, client) => [client, 1])));
    expect(parseStateVector(encode(20_000))).toBeInstanceOf(Map);
    expect(parseStateVector(encode(20_001))).toMatchObject({ kind: 'refuse', code: 'limit-exceeded' });
    expect(decodeStateVector(encode(20_001)).size).toBe(20_001);
  });

  it.each([
    ['nothing', ''],
    ['a count above the bytes', 'ff ff ff 7f 00'],
    ['a cut', '02 01 01 02'],
    ['bytes left over', '00 00'],
    ['a client twice', '02 01 01 01 02'],
  ])('[GATE17] %s is refused', (_name, hex) => {
    expect(parseStateVector(fromHex(hex))).toMatchObject({ kind: 'refuse', code: 'malformed-message' });
    expect(() => decodeStateVector(fromHex(hex))).toThrow('document-quarantined');
  });
});
