import { isUtf8 } from 'node:buffer';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { measureCpu } from '../../test/support/cpu-time.ts';
import { anyValue, buildUpdate, fromHex, item, skip, text } from '../../test/support/update-builder.ts';
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
    for (const value of [
      null,
      true,
      false,
      0,
      -0,
      -5,
      2 ** 40,
      1.5,
      Math.PI,
      Number.NaN,
      5n,
      'x',
      {},
      { a: [1] },
      new Uint8Array(3),
    ]) {
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
    const cost = measureCpu(() => {
      for (let index = 0; index < 1000; index += 1) codeOf(fromHex('01 80 87 a7 0e 05 00'));
    });
    expect(cost).toBeLessThan(500);
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
    expect(codeOf(buildUpdate([{ client: 1, structs: [item({ kind: 4, parent: 'text', content })] }]))).toBe(
      'malformed-update',
    );
  });

  it('[GATE2] every sequence of bytes is text to the parser exactly when it is UTF-8', () => {
    const edges = [
      0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4,
      0xf5, 0xff,
    ];
    const pairs = edges.flatMap((a) => edges.map((b) => [a, b]));
    for (const first of pairs) {
      for (const second of pairs) {
        const bytes = Uint8Array.from([...first, ...second]);
        const update = Uint8Array.from([1, 1, 1, 0, 4, 1, 1, 0x74, 4, ...bytes, 0]);
        if ((codeOf(update) === 'parsed') !== isUtf8(bytes)) expect.fail(`[${bytes.join()}] is judged wrongly`);
      }
    }
  });

  it('[GATE2] JSON that does not parse, or would not come back as it is, is refused', () => {
    for (const value of ['', 'undefined', '{', "{'a':1}", '[1,]', '1e999', '{"a":[-1e999]}'])
      expect(codeOf(json(value))).toBe('malformed-update');
    for (const value of ['1', '"x"', '{"a":[1,null]}', 'null']) expect(codeOf(json(value))).toBe('parsed');
    expect(codeOf(json('undefined', 'json'))).toBe('parsed');
    expect(codeOf(json('nope', 'json'))).toBe('malformed-update');
  });
});
