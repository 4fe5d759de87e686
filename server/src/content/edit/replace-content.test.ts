import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { createRandom, type Random } from '../../../test/support/random.ts';
import { randomBlock, randomDocument } from '../../../test/support/random-content.ts';
import type { ContentNode } from '../content-node.ts';
import { normaliseContent } from '../normalise-content.ts';
import { parseJson } from '../parse-json.ts';
import { renderJson } from '../render-json.ts';
import { renderText } from '../render-text.ts';
import { replaceContent, type ReplaceTarget } from './replace-content.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

const EMPTY = Y.encodeStateAsUpdate(new Y.Doc());
let lastClient = 1000;

function replace(
  base: Uint8Array,
  target: ReplaceTarget,
): { readonly state: Uint8Array; readonly update: Uint8Array | null } {
  const update = replaceContent({ base, target, clientId: (lastClient += 1) });
  return { update, state: update === null ? base : Y.mergeUpdates([base, update]) };
}

function stateOf(doc: ContentNode): Uint8Array {
  return replace(EMPTY, { kind: 'json', doc, roots: null }).state;
}

function docOf(state: Uint8Array): ContentNode {
  return parseJson(renderJson(state)).doc;
}

const paragraph = (text: string): ContentNode => ({ type: 'paragraph', content: [{ type: 'text', text }] });
const docWith = (...content: ContentNode[]): ContentNode => ({ type: 'doc', content });
const json = (doc: ContentNode): ReplaceTarget => ({ kind: 'json', doc: normaliseContent(doc), roots: null });

/** The item ids of the outermost blocks. */
function blockIds(state: Uint8Array): readonly string[] {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  return document
    .getXmlFragment('default')
    .toArray()
    .map((type) => `${type._item?.id.client}:${type._item?.id.clock}`);
}

/** The document with some blocks taken out, put in, moved, or changed. */
function mutate(doc: ContentNode, random: Random): ContentNode {
  const content = [...(doc.content ?? [])];
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const at = random.below(content.length + 1);
    const kind = random.below(4);
    if (kind === 0) content.splice(at, 0, randomBlock(random, { plain: false }, 0));
    else if (kind === 1) content.splice(at, 1);
    else if (kind === 2) content.splice(random.below(content.length + 1), 0, ...content.splice(at, 1));
    else if (at < content.length) content[at] = mutateText(content[at] as ContentNode, random);
  }
  return normaliseContent({ type: 'doc', content });
}

function mutateText(node: ContentNode, random: Random): ContentNode {
  if (node.text !== undefined) {
    const at = random.below(node.text.length + 1);
    const text = (
      node.text.slice(0, at) +
      random.pick(['', 'new ', '+']) +
      node.text.slice(at + random.below(3))
    ).toWellFormed();
    return { ...node, text: text === '' ? 'z' : text };
  }
  return {
    ...node,
    ...(node.content && {
      content: node.content.map((child) => (random.chance(0.6) ? mutateText(child, random) : child)),
    }),
  };
}

describe('a replacement', () => {
  test('[CONT1] of any document by any other reads back as the other', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const base = randomDocument(random);
        const target = random.chance(0.5) ? mutate(base, random) : randomDocument(random);
        const { state } = replace(stateOf(base), json(target));
        expect(docOf(state)).toEqual(target);
        expect(replace(state, json(target)).update).toBeNull();
      }),
      { numRuns: 120 },
    );
  });

  test('[CONT2] leaves the items of unchanged blocks, and edits a changed word inside its block', () => {
    const base = stateOf(docWith(paragraph('one one'), paragraph('two two two'), paragraph('three')));
    const { state, update } = replace(
      base,
      json(docWith(paragraph('zero'), paragraph('one one'), paragraph('two 2 two'), paragraph('three'))),
    );
    expect(blockIds(state).slice(1)).toEqual(blockIds(base));
    expect(update?.length).toBeLessThan(120);
  });

  test('[CONT2] of one moved block among many leaves all others', () => {
    const blocks = Array.from({ length: 50 }, (_, index) => paragraph(`block number ${index}`));
    const base = stateOf(docWith(...blocks));
    const [first, ...rest] = blocks as [ContentNode, ...ContentNode[]];
    const { state } = replace(base, json(docWith(...rest, first)));
    expect(blockIds(state).slice(0, -1)).toEqual(blockIds(base).slice(1));
  });

  test('[CONT3] merges with what others type at the same time', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const base = stateOf(
          docWith(paragraph('the quick brown fox jumps'), paragraph('over the lazy dog'), paragraph('end')),
        );
        const typist = new Y.Doc();
        Y.applyUpdate(typist, base);
        const before = Y.encodeStateVector(typist);
        const block = typist.getXmlFragment('default').get(random.below(3)) as Y.XmlElement;
        (block.get(0) as Y.XmlText).insert(random.below(4), 'TYPED');
        const typed = Y.encodeStateAsUpdate(typist, before);
        const { update } = replace(
          base,
          json(
            docWith(
              paragraph('the quick red fox jumps'),
              paragraph('new'),
              paragraph('over the lazy dogs'),
              paragraph('end'),
            ),
          ),
        );
        const merged = Y.mergeUpdates([base, typed, update ?? EMPTY]);
        const text = renderText(merged);
        expect(text).toContain('TYPED');
        expect(text.replace('TYPED', '')).toBe('the quick red fox jumps\nnew\nover the lazy dogs\nend');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a node that the schema does not know', () => {
  const base = (() => {
    const document = new Y.Doc();
    document.getXmlFragment('default').push([new Y.XmlElement('video'), new Y.XmlElement('paragraph')]);
    return Y.encodeStateAsUpdate(document);
  })();

  test('[CONT4] stays through a write that carries it along', () => {
    const target = parseJson(renderJson(base)).doc;
    const { state } = replace(base, json({ ...target, content: [...(target.content ?? []), paragraph('more')] }));
    expect(docOf(state).content?.map(({ type }) => type)).toEqual(['video', 'paragraph', 'paragraph']);
  });

  test('[CONT4] is neither dropped nor made', () => {
    expect(() => replace(base, json(docWith(paragraph('x'))))).toThrow('unknown-node');
    expect(() => replace(base, { kind: 'text', text: '' })).toThrow('unknown-node');
    expect(() => replace(EMPTY, json(docWith({ type: 'video' })))).toThrow('unknown-node');
    expect(() => replace(EMPTY, json(docWith({ type: 'listItem', content: [paragraph('x')] })))).toThrow(
      'invalid-content',
    );
    expect(() => replace(EMPTY, json(docWith({ type: 'heading', attrs: { level: 9 } })))).toThrow('invalid-content');
  });
});

describe('a plain text', () => {
  test('[CONT5] written back as it was read changes nothing', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const state = stateOf(randomDocument(createRandom(seed)));
        expect(replace(state, { kind: 'text', text: renderText(state) }).update).toBeNull();
      }),
      { numRuns: 120 },
    );
  });

  test('[CONT5] changes lines and leaves headings, lists and marks', () => {
    const bold = {
      type: 'paragraph',
      content: [
        { type: 'text', text: 'bold', marks: [{ type: 'bold' }] },
        { type: 'text', text: ' rest' },
      ],
    };
    const heading = { type: 'heading', attrs: { level: 1 }, content: [{ type: 'text', text: 'Title' }] };
    const base = stateOf(docWith(heading, { type: 'bulletList', content: [{ type: 'listItem', content: [bold] }] }));
    const { state } = replace(base, { kind: 'text', text: 'Title 2\nbold text\nadded' });
    expect(docOf(state).content?.map(({ type }) => type)).toEqual(['heading', 'bulletList', 'paragraph']);
    expect(renderText(state)).toBe('Title 2\nbold text\nadded');
    expect(JSON.stringify(docOf(state))).toContain('"bold"');
  });

  test('[CONT5] keeps the order of lines in and behind blocks of several lines', () => {
    const code = { type: 'codeBlock', content: [{ type: 'text', text: 'tail\n' }] };
    const quote = { type: 'blockquote', content: [paragraph('head'), { type: 'paragraph' }] };
    for (const block of [code, quote]) {
      const { state } = replace(stateOf(docWith(block)), { kind: 'text', text: 'a\nb\n' });
      expect(renderText(state)).toBe('a\nb\n');
    }
  });

  test('[CONT5] reads back as it was written', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.constantFrom('a', 'b b', 'c', ''), { minLength: 1, maxLength: 6 }),
        (seed, lines) => {
          const text = lines.join('\n');
          const state = stateOf(randomDocument(createRandom(seed), { plain: true }));
          const json = JSON.stringify(renderJson(state));
          if (
            json.includes('table') ||
            json.includes('listItem') ||
            json.includes('taskItem') ||
            json.includes('horizontalRule')
          )
            return;
          expect(renderText(replace(state, { kind: 'text', text }).state)).toBe(text);
        },
      ),
      { numRuns: 120 },
    );
  });
});

test('[CONT6] other roots are edited in place, and left alone where the body does not speak of them', () => {
  const document = new Y.Doc();
  document.getText('code').insert(0, 'let x = 1;');
  document.getMap('settings').set('theme', 'dark');
  document.getArray('tags').push(['a', 'b', 'c']);
  const base = Y.encodeStateAsUpdate(document);
  expect(replace(base, json(docWith(paragraph('x')))).state).toSatisfy(
    (state: Uint8Array) => 'roots' in renderJson(state),
  );
  const roots = { code: 'let y = 1;', settings: { theme: 'light' }, tags: ['a', 'c'], fresh: 'new' };
  const { state } = replace(base, { kind: 'json', doc: docWith(paragraph('x')), roots });
  expect(renderJson(state)['roots']).toEqual(roots);
  expect(() => replace(base, { kind: 'json', doc: docWith(), roots: { code: ['a'] } })).toThrow('invalid-content');
});
