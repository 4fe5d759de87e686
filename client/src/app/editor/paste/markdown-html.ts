import { Marked, type Tokens } from 'marked';

/** The deepest heading that the editor has. */
const DEEPEST_HEADING = 3;

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Runs of items that are tasks, or are not: the editor has a list of its own for tasks. */
function groupItems(items: readonly Tokens.ListItem[]): readonly Tokens.ListItem[][] {
  const groups: Tokens.ListItem[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    if (group?.[0]?.task === item.task) group.push(item);
    else groups.push([item]);
  }
  return groups;
}

const reader = new Marked({
  gfm: true,
  renderer: {
    // What is no Markdown is shown, not taken for formatting.
    html: ({ text }) => escapeText(text),
    heading({ tokens, depth }) {
      const level = Math.min(depth, DEEPEST_HEADING);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    // The editor has no pictures yet; the way to one is better than nothing.
    image: ({ href, text }) => `<a href="${escapeText(href)}">${escapeText(text === '' ? href : text)}</a>`,
    list({ items, ordered, start }) {
      return groupItems(items)
        .map((group) => {
          const inner = group.map((item) => this.listitem(item)).join('');
          if (group[0]?.task === true) return `<ul data-type="taskList">${inner}</ul>`;
          return ordered ? `<ol start="${start === '' ? 1 : start}">${inner}</ol>` : `<ul>${inner}</ul>`;
        })
        .join('');
    },
    listitem({ task, checked, tokens }) {
      const inner = this.parser.parse(tokens.filter(({ type }) => type !== 'checkbox'));
      return task ? `<li data-type="taskItem" data-checked="${checked === true}">${inner}</li>` : `<li>${inner}</li>`;
    },
  },
});

/** Turns Markdown into the HTML of what the editor knows. It is for an editor to read, which drops all else. */
export function markdownToHtml(text: string): string {
  return reader.parse(text, { async: false });
}
