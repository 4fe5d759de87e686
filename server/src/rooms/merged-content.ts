import * as Y from 'yjs';
import { sliceContent, type StructContent } from '../core/fork-content.ts';
import type { KnownSegment } from '../core/fork-detection.ts';
import { STRUCT_KIND } from '../core/update-content.ts';

/** Known clocks of one client. */
interface KnownRange {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

/** The pieces of Yjs's struct store that make up a range of known clocks, cut to the range. */
export function knownSegments(store: Y.Doc['store'], range: KnownRange): readonly KnownSegment[] {
  const structs = store.clients.get(range.client);
  const segments: KnownSegment[] = [];
  if (structs === undefined || range.clock >= Y.getState(store, range.client)) return segments;
  for (let index = Y.findIndexSS(structs, range.clock); index < structs.length; index += 1) {
    const struct = structs[index];
    if (struct === undefined || struct.id.clock >= range.clock + range.length) break;
    segments.push(toSegment(struct, range));
  }
  return segments;
}

function toSegment(struct: Y.Item | Y.GC, range: KnownRange): KnownSegment {
  const { client, clock: start } = struct.id;
  const clock = Math.max(start, range.clock);
  const end = Math.min(start + struct.length, range.clock + range.length);
  const length = end - clock;
  if (!(struct instanceof Y.Item) || struct.deleted) {
    return { clock, length, origin: null, rightOrigin: null, content: { kind: 'gone' } };
  }
  const origin = clock === start ? struct.origin : { client, clock: clock - 1 };
  const content = sliceContent(toContent(struct.content), clock - start, end - start);
  return { clock, length, origin, rightOrigin: struct.rightOrigin, content };
}

function toContent(content: Y.Item['content']): StructContent {
  if (content instanceof Y.ContentString) return { kind: 'text', text: content.str };
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) {
    return { kind: 'values', values: content.arr };
  }
  if (content instanceof Y.ContentBinary) return single(STRUCT_KIND.binary, content.content);
  if (content instanceof Y.ContentEmbed) return single(STRUCT_KIND.embed, content.embed);
  if (content instanceof Y.ContentFormat) return single(STRUCT_KIND.format, [content.key, content.value]);
  if (content instanceof Y.ContentType) return single(STRUCT_KIND.type, typeReference(content.type));
  if (content instanceof Y.ContentDoc) return single(STRUCT_KIND.subdocument, content.doc.guid);
  return { kind: 'gone' };
}

function single(type: number, value: unknown): StructContent {
  return { kind: 'single', type, value };
}

/** The number of a shared type in the wire format. Classes that extend others come first. */
const TYPE_NUMBERS: readonly (readonly [abstract new (...options: never[]) => object, number])[] = [
  [Y.XmlText, 6],
  [Y.XmlHook, 5],
  [Y.XmlElement, 3],
  [Y.XmlFragment, 4],
  [Y.Text, 2],
  [Y.Map, 1],
  [Y.Array, 0],
];

function typeReference(type: Y.AbstractType<unknown>): number {
  return TYPE_NUMBERS.find(([constructor]) => type instanceof constructor)?.[1] ?? -1;
}
