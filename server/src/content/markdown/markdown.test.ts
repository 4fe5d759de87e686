import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createRandom } from '../../../test/support/random.ts';
import { randomDocument } from '../../../test/support/random-content.ts';
import { checkNode } from '../check-content.ts';
import { parseMarkdown } from './parse-markdown.ts';
import { renderMarkdown } from './render-markdown.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

describe('Markdown', () => {
  test.each([true, false])(
    '[CONT15] reads back as the document that it was made from (within its subset: %s)',
    (plain) => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const doc = randomDocument(createRandom(seed), { plain });
          expect(parseMarkdown(renderMarkdown(doc))).toEqual(doc);
        }),
        { numRuns: 120 },
      );
    },
  );

  test('[CONT15] is written as people write it', () => {
    const source = [
      '# Title',
      'A paragraph with **bold**, *italic*, ~~gone~~, `code` and a [link](https://example.org "title").',
      '- one\n- two\n  - inner',
      '1. first\n2. second',
      '- [x] done\n- [ ] open',
      '> quoted',
      '```js\nlet x = 1;\n```',
      '---',
      '| a | b |\n| --- | ---: |\n| 1 | 2 |',
      'line\\\nbreak and snake_case',
    ].join('\n\n');
    expect(renderMarkdown(parseMarkdown(`${source}\n`))).toBe(`${source}\n`);
  });

  test('[CONT11] of any kind becomes a document that an editor can hold, and is stable from then on', () => {
    const piece = fc.constantFrom(
      '*',
      '**',
      '_',
      '~~',
      '`',
      '```',
      '\n',
      '\n\n',
      '- ',
      '1. ',
      '> ',
      '# ',
      '[x]',
      '(y)',
      '[ ] ',
      '|',
      '|-|',
      '    ',
      ' ',
      'word',
      '<b>',
      '</b>',
      '<p>',
      '<td>',
      '\\',
      '&amp;',
      '![i](j)',
      '<https://x.org>',
      '\t',
      '---',
      '<!-- c -->',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const doc = parseMarkdown(pieces.join(''));
        for (const node of doc.content ?? []) checkNode(node);
        expect(parseMarkdown(renderMarkdown(doc))).toEqual(doc);
      }),
      { numRuns: 800 },
    );
  });

  test('[CONT12] keeps nothing that could run', () => {
    const source =
      '[a](javascript:alert(1)) <script>alert(1)</script> <a href="javascript:x" onclick="y">b</a>\n\n<iframe src=x></iframe>\n\n![i](javascript:z)';
    expect(JSON.stringify(parseMarkdown(source))).not.toMatch(/"href":"javascript|onclick|iframe/);
  });

  test.each([
    '>',
    '- ',
    '[',
    '![',
    '*a ',
    '_',
    '`',
    '<',
    '&',
    '|',
    '[a](',
    '**a* ',
    '<!--',
    '~~',
    '\\',
    '1. ',
    'a\n|-\n',
  ])('[CONT13] of many signs is read or refused in bounded time: %s', (piece) => {
    const read = (): string => parseMarkdown(piece.repeat(Math.ceil(30_000 / piece.length))).type;
    try {
      expect(read()).toBe('doc');
    } catch (error) {
      expect(error).toMatchObject({ code: 'limit-exceeded' });
    }
  });

  test('[CONT14] shows what the schema does not know with its content', () => {
    const inside = { type: 'paragraph', content: [{ type: 'text', text: 'inside', marks: [{ type: 'sparkle' }] }] };
    const doc = { type: 'doc', content: [{ type: 'callout', content: [inside] }, { type: 'video' }] };
    expect(renderMarkdown(doc)).toBe('inside\n\n<!-- video -->\n');
  });
});
