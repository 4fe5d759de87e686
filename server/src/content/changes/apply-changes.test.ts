import { changesBodySchema } from '@scriptorium/shared/write-schemas';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { parseMarkdown } from '../markdown/parse-markdown.ts';
import { parseJson } from '../parse-json.ts';
import { renderJson } from '../render-json.ts';
import { replaceContent } from '../edit/replace-content.ts';
import { applyChanges } from './apply-changes.ts';

const EMPTY = Y.encodeStateAsUpdate(new Y.Doc());

function stateOf(markdown: string): Uint8Array {
  const doc = parseMarkdown(markdown);
  return replaceContent({ base: EMPTY, target: { kind: 'rich', doc }, clientId: 7 }) ?? EMPTY;
}

function documentOf(state: Uint8Array): Y.Doc {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  return document;
}

function markdownOf(state: Uint8Array): string {
  return renderMarkdown(parseJson(renderJson(state)).doc);
}

function blockIds(state: Uint8Array): readonly string[] {
  return documentOf(state)
    .getXmlFragment('default')
    .toArray()
    .map((type) => `${type._item?.id.client}:${type._item?.id.clock}`);
}

/** Runs operations; `meanwhile` is what somebody else did since the base state. */
function change(
  base: Uint8Array,
  operations: readonly object[],
  options: { readonly atomic?: boolean; readonly meanwhile?: (fragment: Y.XmlFragment) => void } = {},
) {
  const other = documentOf(base);
  options.meanwhile?.(other.getXmlFragment('default'));
  const current = Y.encodeStateAsUpdate(other);
  const request = changesBodySchema.parse({ operations, atomic: options.atomic ?? false });
  const { update, results } = applyChanges({ ...request, base, current, clientId: 99 });
  const state = update === null ? current : Y.mergeUpdates([current, update]);
  return { state, results, markdown: markdownOf(state) };
}

const textIn = (fragment: Y.XmlFragment, index: number): Y.XmlText =>
  (fragment.get(index) as Y.XmlElement).get(0) as Y.XmlText;

describe('operations', () => {
  const base = stateOf('The quick brown fox\n\nThe lazy dog\n');
  const [first = '', second = ''] = blockIds(base);

  test('[CONT20] insert, delete, replace and format text by quote, block and position', () => {
    const { results, markdown } = change(base, [
      { op: 'replace', range: { quote: { exact: 'quick' } }, text: 'slow' },
      { op: 'insert', at: { block: first, offset: 19 }, text: '!' },
      { op: 'delete', range: { block: second, from: 0, to: 4 } },
      { op: 'format', range: { quote: { exact: 'dog' } }, set: { bold: {} } },
    ]);
    expect(results.every(({ status }) => status === 'applied')).toBe(true);
    expect(markdown).toBe('The slow brown fox!\n\nlazy **dog**\n');
    const { start, end } = results[0] as { readonly start: string; readonly end: string };
    // The base state does not have what was inserted.
    expect(change(base, [{ op: 'delete', range: { start, end } }]).results).toMatchObject([{ status: 'refused' }]);
  });

  test('[CONT20] the range of a result addresses what is there now', () => {
    const { state, results } = change(base, [{ op: 'replace', range: { quote: { exact: 'quick' } }, text: 'slow' }]);
    const { start, end } = results[0] as { readonly start: string; readonly end: string };
    expect(change(state, [{ op: 'replace', range: { start, end }, text: 'new' }]).markdown).toContain(
      'The new brown fox',
    );
  });

  test('[CONT21] a quote must stand in one place, which its surroundings may decide', () => {
    const { results, markdown } = change(base, [
      { op: 'replace', range: { quote: { exact: 'The' } }, text: 'A' },
      { op: 'replace', range: { quote: { exact: 'The', suffix: ' lazy' } }, text: 'A' },
      { op: 'delete', range: { quote: { exact: 'cat' } } },
      { op: 'delete', range: { block: '1:1' } },
      { op: 'delete', range: { start: 'AAAA', end: 'AAAA' } },
    ]);
    expect(results).toMatchObject([
      { reason: 'ambiguous' },
      { status: 'applied' },
      { reason: 'not-found' },
      { reason: 'not-found' },
      { status: 'refused' },
    ]);
    expect(markdown).toBe('The quick brown fox\n\nA lazy dog\n');
  });

  test('[CONT22] what others wrote since stays, also in the midst of what is deleted or replaced', () => {
    const meanwhile = (fragment: Y.XmlFragment): void => {
      textIn(fragment, 0).insert(0, 'Look: ');
      textIn(fragment, 0).insert(6 + 6, 'TYPED');
    };
    const { markdown } = change(base, [{ op: 'replace', range: { quote: { exact: 'quick brown' } }, text: 'red' }], {
      meanwhile,
    });
    expect(markdown).toContain('Look: The red');
    expect(markdown).toContain('TYPED');
    expect(markdown).not.toContain('brown');
  });

  test('[CONT22] what others deleted since is told', () => {
    const meanwhile = (fragment: Y.XmlFragment): void => {
      fragment.delete(0, 1);
      textIn(fragment, 0).delete(0, 4);
    };
    const { results } = change(
      base,
      [
        { op: 'delete', range: { quote: { exact: 'quick' } } },
        { op: 'insert', at: { block: first, offset: 0 }, text: 'x' },
        { op: 'deleteBlock', block: first },
        { op: 'delete', range: { quote: { exact: 'The ', suffix: 'lazy' } } },
      ],
      { meanwhile },
    );
    expect(results).toMatchObject(Array.from({ length: 4 }, () => ({ status: 'refused', reason: 'deleted' })));
  });

  test('[CONT23] all or nothing, on request', () => {
    const operations = [
      { op: 'deleteBlock', block: first },
      { op: 'delete', range: { quote: { exact: 'cat' } } },
    ];
    const { results, markdown } = change(base, operations, { atomic: true });
    expect(results).toMatchObject([{ reason: 'not-applied' }, { reason: 'not-found' }]);
    expect(markdown).toBe('The quick brown fox\n\nThe lazy dog\n');
    expect(change(base, operations).markdown).toBe('The lazy dog\n');
  });

  test('[CONT24] insert, move and delete blocks that fit', () => {
    const heading = { type: 'heading', attrs: { level: 2 }, content: [{ type: 'text', text: 'New' }] };
    const { results, markdown } = change(base, [
      { op: 'insertBlock', to: { before: first }, node: heading },
      { op: 'moveBlock', block: first, to: { at: 'end' } },
      { op: 'insertBlock', to: { after: second }, node: { type: 'listItem' } },
      { op: 'insertBlock', to: { after: second }, node: { type: 'video' } },
    ]);
    expect(results).toMatchObject([
      { status: 'applied' },
      { status: 'applied' },
      { reason: 'invalid' },
      { reason: 'invalid' },
    ]);
    expect(markdown).toBe('## New\n\nThe lazy dog\n\nThe quick brown fox\n');
  });

  test('[CONT24] an empty block and a plain text take text too', () => {
    const empty = stateOf('&nbsp;\n');
    expect(
      change(empty, [{ op: 'insert', at: { block: blockIds(empty)[0], offset: 0 }, text: 'hello' }]).markdown,
    ).toBe('hello\n');
    const code = new Y.Doc();
    code.getText('code').insert(0, 'let x;');
    const { state } = change(Y.encodeStateAsUpdate(code), [
      { op: 'replace', range: { quote: { exact: 'x' } }, text: 'y' },
      { op: 'insert', at: { block: 'root:code', offset: 6 }, text: '\n' },
    ]);
    expect(renderJson(state)['roots']).toEqual({ code: 'let y;\n' });
  });
});
