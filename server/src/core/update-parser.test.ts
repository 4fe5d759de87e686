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
  buildUpdate([{ client: 1, structs: [anyValue((encoder) => encoding.writeAny(encoder, value as encoding.AnyEncodable))] }]);
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

describe('what an update holds', () => {
  it('[GATE1] the structs and delete ranges of an honest update are found', () => {
    const doc = new Y.Doc();
    doc.clientID = 7;
    doc.getText('text').insert(0, 'a😀b');
    doc.getMap('map').set('key', new Y.Array());
    doc.getText('text').delete(3, 1);
    const parsed = parse(Y.encodeStateAsUpdate(doc));
    expect(parsed.blocks.map(({ client, clock, endClock, clocks }) => ({ client, clock, endClock, clocks }))).toEqual([
      { client: 7, clock: 0, endClock: 5, clocks: [0, 3, 4] },
    ]);
    expect(parsed.deletes).toEqual([{ client: 7, ranges: [3, 1] }]);
    expect(parsed.rootNames).toEqual(['text', 'map']);
    expect(parsed.makesTypes).toBe(true);
  });

  it('[GATE1] the length of text is counted in UTF-16 units', () => {
    expect(parse(buildUpdate([{ client: 1, structs: [text('é∑😀\u{10FFFF}')] }])).blocks[0]?.endClock).toBe(6);
  });

  it('[GATE1] a skipped range is noted', () => {
    const parsed = parse(buildUpdate([{ client: 1, structs: [text('ab'), skip(5), text('c')] }]));
    expect(parsed.blocks[0]).toMatchObject({ clocks: [0, 2, 7], endClock: 8, hasSkip: true });
  });

  it('[GATE1] all kinds of values are read', () => {
    for (const value of [null, true, false, 0, -0, -5, 2 ** 40, 1.5, Math.PI, Number.NaN, 5n, 'x', {}, { a: [1] }, new Uint8Array(3)]) {
      expect(codeOf(any(value))).toBe('parsed');
    }
  });
});

describe('bytes that are no update', () => {
  it.each([
    ['empty', ''],
    ['only the count of clients', '00'],
    ['bytes left over', '00 00 00'],
    ['30 million structs in seven bytes (arrayAlloc30M)', '01 80 87 a7 0e 05 00'],
    ['more clients than bytes', 'ff ff 03'],
    ['more delete ranges than bytes', '00 01 05 ff ff 03'],
    ['a varint that does not end', '80'],
    ['a varint of nine bytes', '80 80 80 80 80 80 80 80 01 00'],
    ['a varint of ten zero groups, which reads as NaN in lib0', '01 01 01 80 80 80 80 80 80 80 80 80 00 00 01 00'],
    ['a varint above 2^53', 'ff ff ff ff ff ff ff 7f'],
    ['a string beyond the end', '01 01 01 00 04 01 04 74 65'],
    ['a flag on a collected struct', '01 01 01 00 80 01 00'],
    ['a flag on a skipped range', '01 01 01 00 8a 01 00'],
    ['an unknown kind of parent', '01 01 01 00 04 02 01 74 01 61 00'],
    ['content 31', '01 01 01 00 1f 01 01 74 00 00'],
    ['content 11', '01 01 01 00 0b 01 01 74 00 00'],
    ['shared type 120', '01 01 01 00 07 01 01 74 78 00'],
    ['value tag 115', '01 01 01 00 08 01 01 74 01 73 00'],
    ['value tag 128', '01 01 01 00 08 01 01 74 01 80 00'],
  ])('[GATE2] %s is refused', (_name, hex) => {
    expect(codeOf(fromHex(hex))).toBe('malformed-update');
  });

  it('[GATE2] a refused count costs no memory', () => {
    const before = performance.now();
    for (let index = 0; index < 1000; index += 1) codeOf(fromHex('01 80 87 a7 0e 05 00'));
    expect(performance.now() - before).toBeLessThan(500);
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong three bytes', [0xe0, 0x80, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['cut off', [0xe2, 0x82]],
    ['a wrong third byte', [0xe2, 0x82, 0x41]],
    ['byte 255', [0xff]],
  ])('[GATE2] text with %s is refused', (_name, bytes) => {
    const content = (encoder: encoding.Encoder): void => encoding.writeVarUint8Array(encoder, Uint8Array.from(bytes));
    expect(codeOf(buildUpdate([{ client: 1, structs: [item({ kind: 4, parent: 'text', content })] }]))).toBe('malformed-update');
  });

  it('[GATE2] every sequence of bytes is text to the parser exactly when a fatal decoder takes it', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const isText = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const edges = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff];
    for (const a of edges) {
      for (const b of edges) {
        for (const c of edges) {
          for (const d of [0x41, 0x80, 0xbf]) {
            const bytes = Uint8Array.of(a, b, c, d);
            const content = (encoder: encoding.Encoder): void => encoding.writeVarUint8Array(encoder, bytes);
            const update = buildUpdate([{ client: 1, structs: [item({ kind: 4, parent: 'text', content })] }]);
            expect(codeOf(update) === 'parsed', bytes.join()).toBe(isText(bytes));
          }
        }
      }
    }
  });

  it('[GATE2] JSON that does not parse, or would not come back as it is, is refused', () => {
    for (const value of ['', 'undefined', '{', "{'a':1}", '[1,]', '1e999', '{"a":[-1e999]}']) expect(codeOf(json(value))).toBe('malformed-update');
    for (const value of ['1', '"x"', '{"a":[1,null]}', 'null']) expect(codeOf(json(value))).toBe('parsed');
    expect(codeOf(json('undefined', 'json'))).toBe('parsed');
    expect(codeOf(json('nope', 'json'))).toBe('malformed-update');
  });
});

describe('lengths and clocks', () => {
  it('[GATE3] three collected structs of length 0 are refused (zeroLenGc)', () => {
    expect(codeOf(fromHex('01 03 05 00 00 00 00 00 00 00 00'))).toBe('malformed-update');
  });

  it('[GATE3] a zero-length struct is refused', () => {
    const empty = (kind: number): Uint8Array =>
      buildUpdate([{ client: 1, structs: [item({ kind, parent: 'text', content: (encoder) => encoding.writeVarUint(encoder, 0) })] }]);
    for (const kind of [1, 2, 4, 8]) expect(codeOf(empty(kind))).toBe('malformed-update');
    expect(codeOf(buildUpdate([{ client: 1, structs: [skip(0)] }]))).toBe('malformed-update');
  });

  it('[GATE3] a zero-length delete range is refused', () => {
    expect(codeOf(buildUpdate([], [{ client: 1, ranges: [[0, 0]] }]))).toBe('malformed-update');
  });

  it('[GATE4] clocks above 2^40 are refused (gcOverflow, gcHuge)', () => {
    const huge = 2 ** 53 - 1;
    expect(codeOf(buildUpdate([{ client: 1, structs: [gc(huge)] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, structs: Array.from({ length: 64 }, () => gc(huge)) }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, clock: 2 ** 40, structs: [gc(1)] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, clock: 2 ** 40 - 1, structs: [gc(1)] }]))).toBe('parsed');
    expect(codeOf(buildUpdate([], [{ client: 1, ranges: [[2 ** 40 - 1, 2]] }]))).toBe('limit-exceeded');
    expect(codeOf(buildUpdate([{ client: 1, structs: [text('x', { origin: [2, 2 ** 40] })] }]))).toBe('limit-exceeded');
  });
});

describe('limits and forbidden things', () => {
  it('[GATE5] more than 20,000 clients are refused (manyClients200k, dsBomb300k)', () => {
    const blocks = (count: number) => Array.from({ length: count }, (_, client) => ({ client, structs: [gc(1)] }));
    const deletes = (count: number) => Array.from({ length: count }, (_, client) => ({ client, ranges: [[0, 1]] as const }));
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
    expect(codeOf(buildUpdate([], [{ client: 1, ranges: [[0, 1], [2, 1], [4, 1]] }]), limits)).toBe('limit-exceeded');
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
    for (const struct of [object, format, text('x', { parent: '__proto__' }), item({ kind: 4, parent: 'm', key: '__proto__', content })]) {
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
    const broken = item({ kind: 9, parent: 'map', key: 'sub', content: (encoder) => {
      encoding.writeVarString(encoder, 'guid');
      encoding.writeUint8(encoder, 126);
    } });
    expect(codeOf(buildUpdate([{ client: 1, structs: [broken] }]), { ...defaultUpdateLimits, allowSubdocuments: true })).toBe('malformed-update');
  });

  it('[GATE7] a struct that refers to itself or a later one of its client is refused (selfParent, selfOriginFuture)', () => {
    for (const place of [{ origin: [1, 0] }, { origin: [1, 5] }, { right: [1, 0] }, { parent: [1, 0] }] as const) {
      expect(codeOf(buildUpdate([{ client: 1, structs: [text('x', place)] }]))).toBe('malformed-update');
    }
    expect(codeOf(buildUpdate([{ client: 1, structs: [text('x'), text('y', { origin: [1, 0] })] }]))).toBe('parsed');
  });

  it('[GATE7] two blocks of one client are refused', () => {
    expect(codeOf(buildUpdate([{ client: 1, structs: [gc(1)] }, { client: 1, clock: 1, structs: [gc(1)] }]))).toBe('malformed-update');
  });

  it('[GATE8] delete ranges are put in order, whatever their order in the bytes', () => {
    const ranges = [{ client: 1, ranges: [[8, 1], [2, 3]] }, { client: 2, ranges: [[0, 1]] }, { client: 1, ranges: [[0, 1]] }] as const;
    const parsed = parse(buildUpdate([], ranges));
    expect(parsed.isDeleteOrderChanged).toBe(true);
    expect(parsed.deletes).toEqual([{ client: 1, ranges: [0, 1, 2, 3, 8, 1] }, { client: 2, ranges: [0, 1] }]);
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
    for (let length = 0; length < update.length; length += 1) expect(codeOf(update.subarray(0, length))).not.toBe('parsed');
  });
});
