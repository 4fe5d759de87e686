import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { anyValue, buildUpdate, fromHex, gc, item, skip, text } from '../../test/support/update-builder.ts';
import { defaultUpdateLimits } from './limits.ts';
import { parseUpdate, type ParsedUpdate } from './update-parser.ts';

function codeOf(bytes: Uint8Array, limits = defaultUpdateLimits): string {
  const parsed = parseUpdate(bytes, limits);
  return parsed.kind === 'refuse' ? parsed.code : 'parsed';
}

function parse(bytes: Uint8Array): ParsedUpdate {
  const parsed = parseUpdate(bytes, defaultUpdateLimits);
  if (parsed.kind === 'refuse') throw new Error(parsed.detail);
  return parsed;
}

const varUints = (...values: number[]): Uint8Array => {
  const encoder = encoding.createEncoder();
  for (const value of values) encoding.writeVarUint(encoder, value);
  return encoding.toUint8Array(encoder);
};
const any = (value: unknown): Uint8Array =>
  buildUpdate([
    { client: 1, structs: [anyValue((encoder) => encoding.writeAny(encoder, value as encoding.AnyEncodable))] },
  ]);
const json = (value: string, kind: 'embed' | 'json' = 'embed'): Uint8Array =>
  buildUpdate([
    {
      client: 1,
      structs: [
        item({
          kind: kind === 'embed' ? 5 : 2,
          parent: 'text',
          content: (encoder) => {
            if (kind === 'json') encoding.writeVarUint(encoder, 1);
            encoding.writeVarString(encoder, value);
          },
        }),
      ],
    },
  ]);
const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);

describe('lengths and clocks', () => {
  it('[GATE3] three collected structs of length 0 are refused (zeroLenGc)', () => {
    expect(codeOf(fromHex('01 03 05 00 00 00 00 00 00 00 00'))).toBe('malformed-update');
  });

  it('[GATE3] a zero-length struct is refused', () => {
    const empty = (kind: number): Uint8Array =>
      buildUpdate([
        {
          client: 1,
          structs: [item({ kind, parent: 'text', content: (encoder) => encoding.writeVarUint(encoder, 0) })],
        },
      ]);
    for (const kind of [1, 2, 4, 8]) expect(codeOf(empty(kind))).toBe('malformed-update');
    expect(codeOf(buildUpdate([{ client: 1, structs: [skip(0)] }]))).toBe('malformed-update');
  });

  it('[GATE3] a zero-length delete range is refused', () => {
    expect(codeOf(buildUpdate([], [{ client: 1, ranges: [[0, 0]] }]))).toBe('malformed-update');
  });

  it('[GATE4] clocks above 2^40 are refused (gcOverflow, gcHuge)', () => {
    const huge = 2 ** 53 - 1;
    expect(codeOf(buildUpdate([{ client: 1, structs: [gc(huge)] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, structs: Array.from({ length: 64 }, () => gc(huge)) }]))).toBe(
      'limit-exceeded',
    );
    expect(codeOf(buildUpdate([{ client: 1, clock: 2 ** 40, structs: [gc(1)] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, clock: 2 ** 40 - 1, structs: [gc(1)] }]))).toBe('parsed');
    expect(codeOf(buildUpdate([], [{ client: 1, ranges: [[2 ** 40 - 1, 2]] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, structs: [text('x', { origin: [2, 2 ** 40] })] }]))).toBe('limit-exceeded');
  });
});

describe('limits and forbidden things', () => {
  it('[GATE5] more than 20,000 clients are refused (manyClients200k, dsBomb300k)', () => {
    const blocks = (count: number) => Array.from({ length: count }, (_, client) => ({ client, structs: [gc(1)] }));
    const deletes = (count: number) =>
      Array.from({ length: count }, (_, client) => ({ client, ranges: [[0, 1]] as const }));
    expect(codeOf(buildUpdate(blocks(20_000)))).toBe('parsed');
    expect(codeOf(buildUpdate(blocks(20_001)))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([], deletes(20_000)))).toBe('parsed');
    expect(codeOf(buildUpdate([], deletes(20_001)))).toBe('limit-exceeded');
  });

  it('[GATE5] more structs or delete ranges than the limits are refused', () => {
    const limits = { ...defaultUpdateLimits, structs: 3, deleteRanges: 2 };
    const structs = (count: number) => [{ client: 1, structs: Array.from({ length: count }, () => gc(1)) }];
    expect(codeOf(buildUpdate(structs(3)), limits)).toBe('parsed');
    expect(codeOf(buildUpdate(structs(4)), limits)).toBe('limit-exceeded');
    expect(
      codeOf(
        buildUpdate(
          [],
          [
            {
              client: 1,
              ranges: [
                [0, 1],
                [2, 1],
                [4, 1],
              ],
            },
          ],
        ),
        limits,
      ),
    ).toBe('limit-exceeded');
  });

  it('[GATE5] 100,000 root names in one update are refused (rootFlood100k)', () => {
    const structs = Array.from({ length: 100_000 }, (_, index) => text('x', { parent: `r${index}` }));
    expect(codeOf(buildUpdate([{ client: 1, structs }]))).toBe('limit-exceeded');
  });

  it('[GATE5] values nested deeper than 32 are refused (deepAny2k, deepAny20k)', () => {
    expect(codeOf(any(nest(32)))).toBe('parsed');
    expect(codeOf(any(nest(33)))).toBe('limit-exceeded');
    expect(codeOf(json(JSON.stringify(nest(32))))).toBe('parsed');
    expect(codeOf(json(JSON.stringify(nest(33))))).toBe('limit-exceeded');
    const bomb = anyValue((encoder) => {
      for (let level = 0; level < 20_000; level += 1) encoding.writeUint8Array(encoder, Uint8Array.of(117, 1));
      encoding.writeUint8(encoder, 126);
    });
    expect(codeOf(buildUpdate([{ client: 1, structs: [bomb] }]))).toBe('limit-exceeded');
    expect(codeOf(json('['.repeat(20_000) + ']'.repeat(20_000)))).toBe('limit-exceeded');
  });

  it('[GATE6] the key __proto__ is refused wherever a key stands (protoKey)', () => {
    const content = (encoder: encoding.Encoder): void => encoding.writeVarString(encoder, 'x');
    const object = anyValue((encoder) => {
      encoding.writeUint8Array(encoder, Uint8Array.of(118, 1));
      encoding.writeVarString(encoder, '__proto__');
      encoding.writeUint8(encoder, 126);
    });
    const format = item({
      kind: 6,
      parent: 'text',
      content: (encoder) => {
        encoding.writeVarString(encoder, '__proto__');
        encoding.writeVarString(encoder, 'true');
      },
    });
    for (const struct of [
      object,
      format,
      text('x', { parent: '__proto__' }),
      item({ kind: 4, parent: 'm', key: '__proto__', content }),
    ]) {
      expect(codeOf(buildUpdate([{ client: 1, structs: [struct] }]))).toBe('forbidden-update');
    }
    expect(codeOf(json('{"a":[{"__proto__":1}]}'))).toBe('forbidden-update');
    expect(codeOf(json('[{"__proto__":1}]', 'json'))).toBe('forbidden-update');
    expect(codeOf(any('__proto__'))).toBe('parsed');
  });

  it('[GATE6] subdocuments are refused unless they are allowed (subdocBomb20k)', () => {
    const doc = new Y.Doc();
    doc.getMap('map').set('sub', new Y.Doc());
    const update = Y.encodeStateAsUpdate(doc);
    expect(codeOf(update)).toBe('forbidden-update');
    expect(codeOf(update, { ...defaultUpdateLimits, allowSubdocuments: true })).toBe('parsed');
    const broken = item({
      kind: 9,
      parent: 'map',
      key: 'sub',
      content: (encoder) => {
        encoding.writeVarString(encoder, 'guid');
        encoding.writeUint8(encoder, 126);
      },
    });
    expect(
      codeOf(buildUpdate([{ client: 1, structs: [broken] }]), { ...defaultUpdateLimits, allowSubdocuments: true }),
    ).toBe('malformed-update');
  });

  it('[GATE7] a struct that refers to itself or a later one of its client is refused (selfParent, selfOriginFuture)', () => {
    for (const place of [{ origin: [1, 0] }, { origin: [1, 5] }, { right: [1, 0] }, { parent: [1, 0] }] as const) {
      expect(codeOf(buildUpdate([{ client: 1, structs: [text('x', place)] }]))).toBe('malformed-update');
    }
    expect(codeOf(buildUpdate([{ client: 1, structs: [text('x'), text('y', { origin: [1, 0] })] }]))).toBe('parsed');
  });

  it('[GATE7] two blocks of one client are refused', () => {
    expect(
      codeOf(
        buildUpdate([
          { client: 1, structs: [gc(1)] },
          { client: 1, clock: 1, structs: [gc(1)] },
        ]),
      ),
    ).toBe('malformed-update');
  });

  it('[GATE8] delete ranges are put in order, whatever their order in the bytes', () => {
    const ranges = [
      {
        client: 1,
        ranges: [
          [8, 1],
          [2, 3],
        ],
      },
      { client: 2, ranges: [[0, 1]] },
      { client: 1, ranges: [[0, 1]] },
    ] as const;
    const parsed = parse(buildUpdate([], ranges));
    expect(parsed.isDeleteOrderChanged).toBe(true);
    expect(parsed.deletes).toEqual([
      { client: 1, ranges: [0, 1, 2, 3, 8, 1] },
      { client: 2, ranges: [0, 1] },
    ]);
  });

  it('[GATE2] V2 updates are refused', () => {
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'hello');
    expect(codeOf(Y.encodeStateAsUpdateV2(doc))).not.toBe('parsed');
    expect(codeOf(varUints(1, 1, 1, 0))).toBe('malformed-update');
  });

  it('[GATE2] no cut of an update throws or parses', () => {
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'hello', { bold: true });
    doc.getArray('array').insert(0, [{ a: [1, 'x'] }, new Uint8Array(2)]);
    doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('p')]);
    doc.getText('text').delete(1, 2);
    const update = Y.encodeStateAsUpdate(doc);
    for (let length = 0; length < update.length; length += 1)
      expect(codeOf(update.subarray(0, length))).not.toBe('parsed');
  });
});
