import * as Y from 'yjs';
import type { Random } from './random.ts';

const TEXTS = [
  'a',
  'lorem ipsum ',
  'é',
  'ß→∑',
  '😀',
  '👩‍👩‍👧',
  'x\ny',
  '"quoted"',
  ' ',
  '漢字かな',
  'longer text to make items that get divided ',
];
const NAMES = ['one', 'two', 'three', 'toString', 'constructor', '', 'ключ'];
const FORMATS: readonly (readonly [string, unknown])[] = [
  ['bold', true],
  ['bold', null],
  ['color', '#ff0000'],
  ['link', { href: 'https://example.org', nested: { list: [1, null, 'x'] } }],
  ['italic', {}],
];

/** One random edit of a person in a document with roots of all kinds; may turn out to change nothing. */
export function editRandomly(doc: Y.Doc, random: Random): void {
  const edit = random.pick(EDITS);
  edit(doc, random);
}

/** The roots that the edits work on. */
export function honestRoots(doc: Y.Doc): readonly Y.AbstractType<unknown>[] {
  return [
    doc.getText('text'),
    doc.getMap('map'),
    doc.getArray('array'),
    doc.getXmlFragment('default'),
  ] as Y.AbstractType<unknown>[];
}

type Edit = (doc: Y.Doc, random: Random) => void;

const EDITS: readonly Edit[] = [
  (doc, random) => typeText(doc.getText('text'), random),
  (doc, random) => typeText(doc.getText('text'), random),
  (doc, random) => deleteText(doc.getText('text'), random),
  (doc, random) => formatText(doc.getText('text'), random),
  (doc, random) =>
    doc.getText('text').insertEmbed(random.below(doc.getText('text').length + 1), { image: random.below(9) }),
  (doc, random) => editMap(doc.getMap('map'), random),
  (doc, random) => editMap(doc.getMap('map'), random),
  (doc, random) => editArray(doc.getArray('array'), random),
  (doc, random) => editArray(doc.getArray('array'), random),
  (doc, random) => editXml(doc.getXmlFragment('default'), random),
  (doc, random) => editXml(doc.getXmlFragment('default'), random),
  (doc, random) => editXml(doc.getXmlFragment('default'), random),
];

function typeText(text: Y.Text, random: Random): void {
  const at = random.chance(0.6) ? text.length : random.below(text.length + 1);
  if (random.chance(0.2)) text.insert(at, random.pick(TEXTS), { bold: true });
  else text.insert(at, random.pick(TEXTS));
}

function deleteText(text: Y.Text, random: Random): void {
  if (text.length === 0) return;
  const at = random.below(text.length);
  text.delete(at, Math.min(1 + random.below(6), text.length - at));
}

function formatText(text: Y.Text, random: Random): void {
  if (text.length === 0) return;
  const at = random.below(text.length);
  const [key, value] = random.pick(FORMATS);
  text.format(at, Math.min(1 + random.below(12), text.length - at), { [key]: value });
}

function plainValue(random: Random): unknown {
  return random.pick<unknown>([
    null,
    true,
    false,
    0,
    -0,
    -17,
    3.5,
    1e21,
    2 ** 40,
    Number.NaN,
    { big: 1234567890123456789n },
    'text',
    '😀',
    { gone: undefined },
    { a: 1, b: [1, 2, { c: null }], é: 'x' },
    [],
    [[['deep']]],
    {},
    new Uint8Array([1, 2, 3]),
  ]);
}

function sharedValue(random: Random): unknown {
  if (random.chance(0.6)) return plainValue(random);
  const kind = random.below(4);
  if (kind === 0) return new Y.Text(random.pick(TEXTS));
  if (kind === 1) return new Y.Map([['inner', plainValue(random)]]);
  if (kind === 2) return Y.Array.from([random.below(5), 'x']);
  return new Y.XmlElement('p');
}

function editMap(map: Y.Map<unknown>, random: Random): void {
  const key = random.pick(NAMES);
  const current = map.get(key);
  if (random.chance(0.2)) map.delete(key);
  else if (random.chance(0.5) && editShared(current, random)) return;
  else map.set(key, sharedValue(random));
}

function editArray(array: Y.Array<unknown>, random: Random): void {
  const at = random.below(array.length + 1);
  if (array.length > 0 && random.chance(0.3)) array.delete(Math.min(at, array.length - 1), 1);
  else if (at < array.length && random.chance(0.5) && editShared(array.get(at), random)) return;
  else if (random.chance(0.2)) array.insert(at, [new Uint8Array([random.below(256)])]);
  else
    array.insert(
      at,
      Array.from({ length: 1 + random.below(4) }, () =>
        random.chance(0.8) ? plainValue(random) : sharedValue(random),
      ),
    );
}

/** Edits inside a nested shared type; false when the value is none. */
function editShared(value: unknown, random: Random): boolean {
  if (value instanceof Y.XmlElement) editXml(value, random);
  else if (value instanceof Y.Text) typeText(value, random);
  else if (value instanceof Y.Map) editMap(value as Y.Map<unknown>, random);
  else if (value instanceof Y.Array) editArray(value as Y.Array<unknown>, random);
  else return false;
  return true;
}

function editXml(parent: Y.XmlFragment, random: Random): void {
  const at = random.below(parent.length + 1);
  const child = at < parent.length ? parent.get(at) : undefined;
  if (child instanceof Y.XmlText && random.chance(0.7)) {
    if (random.chance(0.25)) deleteText(child, random);
    else if (random.chance(0.3)) formatText(child, random);
    else typeText(child, random);
  } else if (child instanceof Y.XmlElement && random.chance(0.6)) {
    editElement(child, random);
  } else if (parent.length > 0 && random.chance(0.25)) {
    parent.delete(Math.min(at, parent.length - 1), 1);
  } else {
    parent.insert(at, [newNode(random)]);
  }
}

function editElement(element: Y.XmlElement, random: Random): void {
  if (random.chance(0.3)) element.setAttribute(random.pick(['class', 'level', 'id']), random.pick(TEXTS));
  else if (random.chance(0.1)) element.removeAttribute('class');
  else editXml(element, random);
}

function newNode(random: Random): Y.XmlElement | Y.XmlText {
  if (random.chance(0.4)) return new Y.XmlText(random.pick(TEXTS));
  const element = new Y.XmlElement(random.pick(['paragraph', 'heading', 'listItem']));
  if (random.chance(0.7)) element.insert(0, [new Y.XmlText(random.pick(TEXTS))]);
  return element;
}
