import { describe, expect, it } from 'vitest';
import { markdownToHtml } from './markdown-html.ts';
import { looksLikeMarkdown } from './markdown-signs.ts';

describe('[APP20] a copied text', () => {
  it.for([
    ['a heading', '# Plan\n\nWe meet at noon.'],
    ['a heading alone', '## Plan'],
    ['a heading further down', 'Before.\r\n\r\n### Plan\r\n\r\nAfter.'],
    ['a closed fence', 'Run\n```sh\nnpm start\n```\nand wait.'],
    ['a table', 'a | b\n--- | ---\n1 | 2'],
    ['a task', 'To do:\n- [ ] water the plants'],
    ['a link', 'See [the manual](https://example.org/a).'],
    ['strong words', 'This is **very** good.'],
    ['a list', '- one\n- two\n  - three'],
    ['a numbered list', 'First:\n1. one\n2. two'],
    ['a quote', '> one\n> two'],
  ] as const)('with %s is Markdown', ([, text]) => {
    expect(looksLikeMarkdown(text)).toBe(true);
  });

  it.for([
    ['plain words', 'We met at noon. It was good - very good.'],
    ['one dash', '- that is all'],
    ['a program with comments', '# install\npip install it\n# run\npython it.py'],
    ['a sum', 'a ** b ** c and 2 * 3 * 4'],
    ['stars for a secret', 'the password is **'],
    ['an open fence', '```\nconst a = 1;'],
    ['brackets', 'see [1] and f(x)'],
    ['dashes among much else', 'Dear Lin,\n- one\n- two\nthe rest\nof it\nis a\nletter\nand more'],
    ['an address', 'https://example.org/a_b_c'],
  ] as const)('with %s is taken as it stands', ([, text]) => {
    expect(looksLikeMarkdown(text)).toBe(false);
  });

  it('that is very long is taken as it stands', () => {
    expect(looksLikeMarkdown('- line\n'.repeat(100_000))).toBe(false);
  });
});

describe('[APP20] Markdown becomes what the editor knows', () => {
  it('as for tasks, apart from other items', () => {
    expect(markdownToHtml('- [ ] a **b**\n- [x] c\n- d')).toBe(
      '<ul data-type="taskList"><li data-type="taskItem" data-checked="false">a <strong>b</strong></li>' +
        '<li data-type="taskItem" data-checked="true">c</li></ul><ul><li>d</li></ul>',
    );
  });

  it('as for lists in lists, and numbers that go on', () => {
    expect(markdownToHtml('3. a\n4. b\n   - c')).toBe('<ol start="3"><li>a</li><li>b<ul><li>c</li></ul></li></ol>');
  });

  it('as for headings that are too deep, and pictures', () => {
    expect(markdownToHtml('##### Deep\n\n![a "cat"](cat.png)')).toContain('<h3>Deep</h3>');
    expect(markdownToHtml('![a "cat"](cat.png)')).toContain('<a href="cat.png">a &quot;cat&quot;</a>');
  });

  it('and tags are shown as they were written', () => {
    expect(markdownToHtml('a <b>b</b> <script>c</script>')).not.toMatch(/<(b|script)>/);
    expect(markdownToHtml('<div onclick="x()">d</div>')).toContain('&lt;div');
  });
});
