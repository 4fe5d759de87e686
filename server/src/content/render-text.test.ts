import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { renderText } from './render-text.ts';

function stateOf(build: (document: Y.Doc) => void): Uint8Array {
  const document = new Y.Doc();
  build(document);
  return Y.encodeStateAsUpdate(document);
}

function element(name: string, ...children: readonly (Y.XmlElement | Y.XmlText | string)[]): Y.XmlElement {
  const node = new Y.XmlElement(name);
  node.insert(
    0,
    children.map((child) => (typeof child === 'string' ? new Y.XmlText(child) : child)),
  );
  return node;
}

test('[REST25] every block is a line, nested ones too, and empty ones stay empty lines', () => {
  const state = stateOf((document) => {
    document
      .getXmlFragment('default')
      .push([
        element('heading', 'Title'),
        element('paragraph'),
        element(
          'bulletList',
          element('listItem', element('paragraph', 'one')),
          element('listItem', element('paragraph', 'two')),
        ),
      ]);
  });
  expect(renderText(state)).toBe('Title\n\none\ntwo');
});

test('[REST25] inline elements belong to their line; a hard break starts a new one', () => {
  const state = stateOf((document) => {
    document
      .getXmlFragment('default')
      .push([element('paragraph', 'a', element('hardBreak'), 'b', element('mention'), 'c')]);
  });
  expect(renderText(state)).toBe('a\nbc');
});

test('[REST25] formats leave no trace in the text', () => {
  const state = stateOf((document) => {
    const text = new Y.XmlText('plain');
    document.getXmlFragment('default').push([element('paragraph', text)]);
    text.format(1, 2, { bold: {} });
  });
  expect(renderText(state)).toBe('plain');
});

test('[REST26] a lone plain text is exactly itself', () => {
  const state = stateOf((document) => document.getText('codemirror').insert(0, 'let x = 1;\n\nlet y;\n'));
  expect(renderText(state)).toBe('let x = 1;\n\nlet y;\n');
});

test('[REST26] rich text comes first, then the other texts by name; maps and arrays have no text', () => {
  const state = stateOf((document) => {
    document.getText('b').insert(0, 'second');
    document.getText('a').insert(0, 'first');
    document.getMap('map').set('key', 'hidden');
    document.getArray('array').push(['hidden']);
    document.getXmlFragment('default').push([element('paragraph', 'rich')]);
  });
  expect(renderText(state)).toBe('rich\nfirst\nsecond');
});

test('[REST26] an empty document is the empty text', () => {
  expect(renderText(stateOf(() => {}))).toBe('');
});
