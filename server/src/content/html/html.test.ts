import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createRandom } from '../../../test/support/random.ts';
import { randomDocument } from '../../../test/support/random-content.ts';
import { checkNode } from '../check-content.ts';
import { normaliseContent } from '../normalise-content.ts';
import { parseHtml } from './parse-html.ts';
import { renderHtml } from './render-html.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

describe('HTML', () => {
  test('[CONT10] reads back as the document that it was made from', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const doc = randomDocument(createRandom(seed));
        expect(parseHtml(renderHtml(doc))).toEqual(doc);
      }),
      { numRuns: 120 },
    );
  });

  test('[CONT11] of any kind becomes a document that an editor can hold, and is stable from then on', () => {
    const tags = [
      'p',
      'div',
      'ul',
      'ol',
      'li',
      'table',
      'tr',
      'td',
      'th',
      'h1',
      'h6',
      'pre',
      'code',
      'b',
      'a href="x"',
      'blockquote',
      'br',
      'hr',
      'script',
      'svg',
      'custom-tag',
      'select',
      'li data-type="taskItem"',
      'ul data-type="taskList"',
      'input',
    ];
    const piece = fc.oneof(
      fc.constantFrom(...tags.map((tag) => `<${tag}>`), ...tags.map((tag) => `</${tag.split(' ')[0]}>`)),
      fc.constantFrom('text', ' ', '\n', '&#32;', '&lt;', '<', '<!-- c -->', '<![CDATA[x]]>', '\0'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const doc = parseHtml(pieces.join(''));
        for (const node of doc.content ?? []) checkNode(node);
        expect(parseHtml(renderHtml(doc))).toEqual(doc);
      }),
      { numRuns: 800 },
    );
  });

  test.each([
    ['<script>alert(1)</script>ok', '<p>ok</p>'],
    ['<p onclick="alert(1)" style="x">ok</p>', '<p>ok</p>'],
    ['<a href="javascript:alert(1)">ok</a>', '<p>ok</p>'],
    ['<a href="java&#9;script:alert(1)">ok</a>', '<p>ok</p>'],
    ['<a href=" JaVaScRiPt:alert(1)">ok</a>', '<p>ok</p>'],
    ['<a href="data:text/html,x">ok</a>', '<p>ok</p>'],
    ['<img src=x onerror=alert(1)>ok', '<p>ok</p>'],
    ['<svg><script>alert(1)</script><p>no</p></svg>ok', '<p>ok</p>'],
    ['<iframe srcdoc="<script>"></iframe>ok', '<p>ok</p>'],
    ['&lt;script&gt;', '<p>&lt;script&gt;</p>'],
    ['<p>a<div>b', '<p>a</p><p>b</p>'],
  ])('[CONT12] keeps nothing that could run: %s', (html, clean) => {
    expect(renderHtml(parseHtml(html))).toBe(clean);
  });

  test('[CONT12] rendered from a document never holds what its text or attributes pretend to be', () => {
    const nasty = '"><script>alert(1)</script>';
    const link = {
      type: 'text',
      text: nasty,
      marks: [{ type: 'link', attrs: { href: `javascript:${nasty}`, class: nasty } }],
    };
    const html = renderHtml({
      type: 'doc',
      content: [
        {
          type: 'paragraph',
          attrs: { dir: nasty },
          content: [link, { ...link, marks: [{ type: 'link', attrs: { href: nasty } }] }],
        },
        { type: 'codeBlock', attrs: { language: nasty }, content: [{ type: 'text', text: nasty }] },
        { type: nasty, content: [{ type: 'text', text: 'inner' }] },
      ],
    });
    expect(html).not.toContain('<script');
    expect(html).not.toContain('javascript');
    expect(html).toContain('inner');
  });

  test('[CONT13] nested without end is refused, and large hostile input is read in bounded time', () => {
    expect(() => parseHtml('<blockquote>'.repeat(10_000))).toThrow('limit-exceeded');
    expect(() => parseHtml('<b>'.repeat(10_000))).toThrow('limit-exceeded');
    const table = `<table>${`<tr>${'<td>x'.repeat(100)}`.repeat(500)}</table>`;
    expect(parseHtml(table).content?.[0]?.content).toHaveLength(500);
    for (const piece of ['<', '&', '<!--', '<a ', '</p>', '<p>', '<a b="', ' '])
      expect(parseHtml(piece.repeat(100_000)).type).toBe('doc');
  });

  test('[CONT14] shows a node that the schema does not know with its content', () => {
    const doc = normaliseContent({
      type: 'doc',
      content: [{ type: 'callout', content: [{ type: 'paragraph', content: [{ type: 'text', text: 'inside' }] }] }],
    });
    expect(renderHtml(doc)).toBe('<div data-node="callout"><p>inside</p></div>');
  });
});
