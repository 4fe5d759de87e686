import * as Y from 'yjs';
import type { Random } from '../support/random.ts';

/** What one edit did, in the terms of somebody who looks at the document. */
export interface EditOutcome {
  /** Texts that stand nowhere else, put where nothing but their own deletion takes them away. */
  readonly written: readonly string[];
  /** Such texts that are deleted or torn. */
  readonly doomed: readonly string[];
}

/** Makes texts that stand nowhere else. */
export type NewMarker = () => string;

const MARKER = /<[0-9]+\.[0-9a-z]+>/g;

/** The text of a number. It carries a checksum, so that the pieces of torn ones make no other. */
export function toMarker(number: number): string {
  let mixed = Math.imul(number + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return `<${number}.${((mixed ^ (mixed >>> 13)) >>> 0).toString(36)}>`;
}

/** All such texts, in the order in which they stand. */
export function readMarkers(text: string): readonly string[] {
  return (text.match(MARKER) ?? []).filter((found) => toMarker(Number.parseInt(found.slice(1), 10)) === found);
}

const NOTHING: EditOutcome = { written: [], doomed: [] };
/** Elements that a list or a page keeps, so that runs of any length stay cheap. */
const MANY = 30;
/** Characters: two or three pastes make a document that no longer goes out in one piece. */
const PASTED = 30_000;

type Edit = (doc: Y.Doc, random: Random, marker: NewMarker) => EditOutcome;

/** One random edit of a person in a document with a text, a map, a list and a page of rich text. */
export function editAsPerson(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const edit = random.pick(EDITS);
  // One edit is one update, whatever it is made of.
  return doc.transact(() => edit(doc, random, marker));
}

/** Puts so much text into the document that what is sent and stored of it takes other ways than a few words do. */
export function pasteAsPerson(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const text = doc.getText('text');
  const written = marker();
  const filling = String.fromCodePoint(0x61 + random.below(26)).repeat(PASTED);
  doc.transact(() => text.insert(text.length, `${written}${filling}`));
  return { written: [written], doomed: [] };
}

const EDITS: readonly Edit[] = [
  typeText,
  typeText,
  typeText,
  deleteText,
  formatText,
  setEntry,
  setEntry,
  insertElement,
  deleteElement,
  writeParagraph,
  writeParagraph,
  changeParagraph,
];

function typeText(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const text = doc.getText('text');
  const written = marker();
  const at = random.chance(0.5) ? text.length : placeBetweenMarkers(text, random);
  text.insert(at, written, random.chance(0.1) ? { bold: true } : {});
  return { written: [written], doomed: [] };
}

/** A place that tears no marker. */
function placeBetweenMarkers(text: Y.Text, random: Random): number {
  const whole = text.toJSON();
  if (whole.length === 0) return 0;
  const end = whole.indexOf('>', random.below(whole.length));
  return end < 0 ? text.length : end + 1;
}

function deleteText(doc: Y.Doc, random: Random): EditOutcome {
  const text = doc.getText('text');
  if (text.length === 0) return NOTHING;
  const at = random.below(text.length);
  const length = Math.min(1 + random.below(14), text.length - at);
  const doomed: string[] = [];
  for (const match of text.toJSON().matchAll(MARKER)) {
    if (match.index < at + length && match.index + match[0].length > at) doomed.push(match[0]);
  }
  text.delete(at, length);
  return { written: [], doomed };
}

function formatText(doc: Y.Doc, random: Random): EditOutcome {
  const text = doc.getText('text');
  if (text.length === 0) return NOTHING;
  const at = random.below(text.length);
  const length = Math.min(1 + random.below(20), text.length - at);
  text.format(at, length, random.pick([{ bold: true }, { bold: null }, { color: '#f00' }]));
  return NOTHING;
}

function setEntry(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const map = doc.getMap('map');
  const key = random.pick(['one', 'two', 'three']);
  if (random.chance(0.2)) map.delete(key);
  else map.set(key, random.chance(0.3) ? new Y.Text(marker()) : marker());
  return NOTHING;
}

function insertElement(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const list = doc.getArray<string>('list');
  if (list.length > MANY) return deleteElement(doc, random);
  const written = [marker(), marker()].slice(0, 1 + random.below(2));
  list.insert(random.below(list.length + 1), written);
  return { written, doomed: [] };
}

function deleteElement(doc: Y.Doc, random: Random): EditOutcome {
  const list = doc.getArray<string>('list');
  if (list.length === 0) return NOTHING;
  const at = random.below(list.length);
  const doomed = [list.get(at)];
  list.delete(at, 1);
  return { written: [], doomed };
}

function writeParagraph(doc: Y.Doc, random: Random, marker: NewMarker): EditOutcome {
  const page = doc.getXmlFragment('default');
  const at = random.below(page.length + 1);
  const paragraph = at < page.length ? page.get(at) : undefined;
  if (paragraph instanceof Y.XmlElement && (page.length > MANY || random.chance(0.6))) {
    const inside = paragraph.get(0);
    if (inside instanceof Y.XmlText) inside.insert(random.below(inside.length + 1), marker());
    else paragraph.insert(0, [new Y.XmlText(marker())]);
    return NOTHING;
  }
  const fresh = new Y.XmlElement(random.pick(['paragraph', 'heading']));
  fresh.insert(0, [new Y.XmlText(marker())]);
  page.insert(at, [fresh]);
  return NOTHING;
}

function changeParagraph(doc: Y.Doc, random: Random): EditOutcome {
  const page = doc.getXmlFragment('default');
  if (page.length === 0) return NOTHING;
  const at = random.below(page.length);
  const paragraph = page.get(at);
  if (!(paragraph instanceof Y.XmlElement) || random.chance(0.3)) {
    page.delete(at, 1);
    return NOTHING;
  }
  const inside = paragraph.get(0);
  if (inside instanceof Y.XmlText && inside.length > 0 && random.chance(0.7)) {
    const from = random.below(inside.length);
    const length = Math.min(1 + random.below(8), inside.length - from);
    if (random.chance(0.5)) inside.format(from, length, { italic: random.chance(0.5) ? true : null });
    else inside.delete(from, length);
  } else paragraph.setAttribute('level', `${random.below(6)}`);
  return NOTHING;
}
