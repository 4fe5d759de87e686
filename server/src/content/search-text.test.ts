import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { readSearchText } from './search-text.ts';

function element(name: string, text: string | readonly Y.XmlElement[], attributes: Record<string, unknown> = {}) {
  const made = new Y.XmlElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string);
  if (typeof text === 'string') made.insert(0, [new Y.XmlText(text)]);
  else made.insert(0, [...text]);
  return made;
}

function stateOf(write: (document: Y.Doc) => void): { readonly state: Uint8Array; readonly document: Y.Doc } {
  const document = new Y.Doc();
  document.transact(() => {
    write(document);
  });
  return { state: Y.encodeStateAsUpdate(document), document };
}

describe('what can be searched of a document', () => {
  it('[FIND18] is its text by block, with the address of the block and the headings above it', () => {
    const { state, document } = stateOf((doc) => {
      doc
        .getXmlFragment('default')
        .insert(0, [
          element('heading', 'Menu', { level: 1 }),
          element('paragraph', 'Every day'),
          element('heading', 'Desserts', { level: 2 }),
          element('bulletList', [element('listItem', [element('paragraph', 'Crème')])]),
          element('heading', 'Drinks', { level: 2 }),
          element('paragraph', 'Water'),
          element('paragraph', ''),
        ]);
      doc.getText('code').insert(0, 'let x');
    });
    const { heading, blocks } = readSearchText([state]);
    expect(heading).toBe('Menu');
    expect(blocks.map(({ headings, text }) => [text, headings])).toEqual([
      ['Menu', []],
      ['Every day', ['Menu']],
      ['Desserts', ['Menu']],
      ['Crème', ['Menu', 'Desserts']],
      ['Drinks', ['Menu']],
      ['Water', ['Menu', 'Drinks']],
      ['let x', []],
    ]);
    const water = document.getXmlFragment('default').get(5);
    const id = (water as Y.XmlElement)._item?.id;
    expect(blocks[5]?.id).toBe(`${id?.client}:${id?.clock}`);
    expect(blocks[6]?.id).toBe('root:code');
  });

  it('[FIND18] has no comments, and nothing that was deleted', () => {
    const { state } = stateOf((doc) => {
      const text = doc.getXmlFragment('default');
      text.insert(0, [element('paragraph', 'kept'), element('paragraph', 'gone')]);
      text.delete(1, 1);
      doc.getXmlFragment('comments').insert(0, [element('paragraph', 'aside')]);
    });
    expect(readSearchText([state]).blocks.map(({ text }) => text)).toEqual(['kept']);
  });

  it('[FIND18] tells tags and who wrote', () => {
    const { state, document } = stateOf((doc) => {
      doc
        .getXmlFragment('default')
        .insert(0, [
          element('paragraph', 'about #Plan and (#q3-goals), not c#minor or #plan'),
          element('codeBlock', '#include'),
        ]);
    });
    expect(readSearchText([state])).toMatchObject({ tags: ['plan', 'q3-goals'], clients: [document.clientID] });
  });

  it('[FIND18] of a document without end its beginning is taken', () => {
    const { state } = stateOf((doc) => {
      doc.getXmlFragment('default').insert(
        0,
        Array.from({ length: 30 }, () => element('paragraph', 'x '.repeat(40_000))),
      );
    });
    const total = readSearchText([state]).blocks.reduce((sum, { text }) => sum + text.length, 0);
    expect(total).toBeLessThanOrEqual(1_000_000);
  });

  it('[FIND18] an empty document has nothing', () => {
    expect(readSearchText([Y.encodeStateAsUpdate(new Y.Doc())])).toEqual({
      heading: null,
      blocks: [],
      tags: [],
      clients: [],
    });
  });
});
