import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** Bytes that are no valid update, or one that would harm whoever applies it. */
export interface BadUpdate {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Structurally broken updates, each of which a stock server accepts or dies of. */
export const MALFORMED_UPDATES: readonly BadUpdate[] = [
  { name: 'empty bytes', bytes: Uint8Array.of() },
  { name: 'garbage', bytes: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x01) },
  // Three GC structs of length 0: stored once, the document never loads again.
  { name: 'zero-length structs', bytes: Uint8Array.of(1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 0) },
  { name: 'thirty million structs announced in seven bytes', bytes: announceStructs(30_000_000) },
  { name: 'an honest update cut short', bytes: honestUpdate('cut').slice(0, -3) },
  { name: 'bytes left over', bytes: Uint8Array.of(...honestUpdate('left'), 0) },
];

/** Well-formed updates that no document may take in. */
export const FORBIDDEN_UPDATES: readonly BadUpdate[] = [
  { name: 'a clock beyond 2^40', bytes: gcStruct(2 ** 53 - 1) },
  {
    name: 'a key __proto__',
    bytes: updateOf((doc) => {
      const value: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
      doc.getMap('map').set('key', value);
    }),
  },
];

/** An insert at the start of the text root `text`. */
export function honestUpdate(text: string): Uint8Array {
  return updateOf((doc) => doc.getText('text').insert(0, text));
}

function updateOf(edit: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  edit(doc);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

function announceStructs(count: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, count);
  encoding.writeVarUint(encoder, 5);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

function gcStruct(length: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [1, 1, 5, 0]) encoding.writeVarUint(encoder, number);
  encoding.writeUint8(encoder, 0);
  encoding.writeVarUint(encoder, length);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}
