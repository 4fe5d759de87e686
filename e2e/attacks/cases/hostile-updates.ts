import * as encoding from 'lib0/encoding';
import { anyValue, buildUpdate, fromHex, gc, item, text, type } from '../../../server/test/support/update-builder.ts';

/** ClientID under which attackers write. */
const CLIENT = 4_321;
const LARGEST = 2 ** 53 - 1;
const STRING = 4;
const SUBDOCUMENT = 9;
const POLLUTION = '{"__proto__":{"polluted":1}}';

/** An update of a few bytes or a few MB, and what a server should do with it. */
export interface HostileUpdate {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Malformed bytes end the connection; what is forbidden ends the writing. */
  readonly sentence: 'refused, then closed' | 'refused' | 'not acknowledged';
  readonly times?: number;
}

function upTo<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Updates of class B2 that can be told by their bytes alone; large ones are made when they are needed. */
export const HOSTILE_UPDATES: readonly (Omit<HostileUpdate, 'bytes'> & { readonly make: () => Uint8Array })[] = [
  {
    name: 'thirty million structs in seven bytes, ten times',
    make: () => varUints(1, 30_000_000, 5, 0),
    sentence: 'refused, then closed',
    times: 10,
  },
  {
    name: 'structs of length zero',
    make: () => fromHex('01 03 05 00 00 00 00 00 00 00 00'),
    sentence: 'refused, then closed',
  },
  {
    name: '64 structs of 2^53 - 1',
    make: () => buildUpdate([{ client: CLIENT, structs: upTo(64, () => gc(LARGEST)) }]),
    sentence: 'not acknowledged',
  },
  {
    name: 'one struct of 2^53 - 1',
    make: () => buildUpdate([{ client: CLIENT, structs: [gc(LARGEST)] }]),
    sentence: 'refused',
  },
  {
    name: 'a struct that is its own parent',
    make: () => buildUpdate([{ client: CLIENT, structs: [text('x', { parent: [CLIENT, 0] })] }]),
    sentence: 'not acknowledged',
  },
  {
    name: 'a struct behind a later one of its own',
    make: () => buildUpdate([{ client: CLIENT, structs: [text('ab', { origin: [CLIENT, 5] }), text('later')] }]),
    sentence: 'not acknowledged',
  },
  {
    name: 'a gap of 2 MB, and twenty more',
    make: () => buildUpdate([{ client: CLIENT, clock: 7, structs: [text('x'.repeat(2_000_000))] }]),
    sentence: 'not acknowledged',
    times: 20,
  },
  {
    name: '100,000 roots',
    make: () =>
      buildUpdate([
        {
          client: CLIENT,
          structs: upTo(100_000, (index) =>
            item({ kind: STRING, parent: `r${index}`, content: (encoder) => encoding.writeVarString(encoder, 'x') }),
          ),
        },
      ]),
    sentence: 'refused',
  },
  {
    name: '200,000 clients',
    make: () => buildUpdate(upTo(200_000, (index) => ({ client: 10_000 + index, structs: [gc(1)] }))),
    sentence: 'refused',
  },
  {
    name: '300,000 delete ranges of nothing',
    make: () => buildUpdate([], [{ client: CLIENT, ranges: upTo(300_000, (index) => [3 * index, 1] as const) }]),
    sentence: 'not acknowledged',
  },
  {
    name: '20,000 subdocuments',
    make: () =>
      buildUpdate([
        {
          client: CLIENT,
          structs: upTo(20_000, (index) =>
            item({
              kind: SUBDOCUMENT,
              parent: 'docs',
              content: (encoder) => {
                encoding.writeVarString(encoder, `d${index}`);
                encoding.writeAny(encoder, {});
              },
            }),
          ),
        },
      ]),
    sentence: 'refused',
  },
  {
    name: 'types nested 30,000 deep, and their root deleted',
    make: () => {
      const chain = upTo(30_000, (index) => (index === 0 ? rootType() : type(0, { parent: [CLIENT, index - 1] })));
      return buildUpdate([{ client: CLIENT, structs: chain }], [{ client: CLIENT, ranges: [[0, 1]] }]);
    },
    sentence: 'refused',
  },
  ...[20_000, 2_000].map(
    (depth) => ({ name: `values nested ${depth} deep`, make: () => nestedValue(depth), sentence: 'refused' }) as const,
  ),
  {
    name: 'text that is no UTF-8',
    make: () => rawText(Uint8Array.of(2, 0xc3, 0x28)),
    sentence: 'refused, then closed',
  },
  {
    name: 'content of kind 31',
    make: () => buildUpdate([{ client: CLIENT, structs: [item({ kind: 31, parent: 'text', content: () => {} })] }]),
    sentence: 'refused, then closed',
  },
  {
    name: 'a type of number 120',
    make: () =>
      buildUpdate([
        {
          client: CLIENT,
          structs: [item({ kind: 7, parent: 'text', content: (encoder) => encoding.writeVarUint(encoder, 120) })],
        },
      ]),
    sentence: 'refused, then closed',
  },
  {
    name: 'a key __proto__',
    make: () =>
      buildUpdate([
        {
          client: CLIENT,
          structs: [
            anyValue((encoder) =>
              encoding.writeAny(encoder, JSON.parse(POLLUTION) as Record<string, Record<string, number>>),
            ),
          ],
        },
      ]),
    sentence: 'refused',
  },
];

/** 2,000 updates, each of which lacks what stands before it. */
export function manyGaps(count: number): readonly Uint8Array[] {
  return upTo(count, (index) => buildUpdate([{ client: CLIENT, clock: 10 + 2 * index, structs: [text('x')] }]));
}

/** So many updates of one character, as somebody types who types very fast. */
export function manyKeystrokes(count: number): readonly Uint8Array[] {
  return upTo(count, (index) =>
    buildUpdate([
      {
        client: CLIENT,
        clock: index,
        structs: [index === 0 ? text('k', { parent: 'typed' }) : text('k', { origin: [CLIENT, index - 1] })],
      },
    ]),
  );
}

/** Takes the clocks that a client would write next. */
export function occupyClocks(client: number, clock: number): Uint8Array {
  return buildUpdate([{ client, clock, structs: [gc(1_000)] }]);
}

/** Deletes all that a client has written, and all that it will ever write. */
export function deleteFuture(client: number): Uint8Array {
  return buildUpdate([], [{ client, ranges: [[0, 2 ** 31]] }]);
}

/** A state vector of a million entries. */
export function hugeStateVector(): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1_000_000);
  for (let client = 0; client < 1_000_000; client += 1) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, 1);
  }
  return encoding.toUint8Array(encoder);
}

function rootType() {
  return item({ kind: 7, parent: 'deep', content: (encoder) => encoding.writeVarUint(encoder, 0) });
}

/** lib0's `any`: an array of one is its tag, 117, and the number 1. */
function nestedValue(depth: number): Uint8Array {
  const value = anyValue((encoder) => {
    for (let level = 0; level < depth; level += 1) encoding.writeUint8Array(encoder, Uint8Array.of(117, 1));
    encoding.writeUint8(encoder, 126);
  });
  return buildUpdate([{ client: CLIENT, structs: [value] }]);
}

function rawText(content: Uint8Array): Uint8Array {
  const structs = [
    item({ kind: STRING, parent: 'text', content: (encoder) => encoding.writeUint8Array(encoder, content) }),
  ];
  return buildUpdate([{ client: CLIENT, structs }]);
}

function varUints(...values: readonly number[]): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const value of values) encoding.writeVarUint(encoder, value);
  return encoding.toUint8Array(encoder);
}
