import { posix } from 'node:path';

/** @typedef {import('./scan-tree.mjs').TreeFile} TreeFile */

const LINK = /!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|<img[^>]+src="([^"]+)"|\shref="([^"]+)"/g;
const FENCE = /^(```|~~~)[\s\S]*?^\1/gm;

/**
 * Every relative link of a Markdown file leads to a file of the tree, and its fragment to a heading there.
 * @param {readonly TreeFile[]} files
 * @param {(path: string) => boolean} exists
 * @returns {string[]}
 */
export function findLinkFaults(files, exists) {
  const pages = new Map(files.filter((it) => it.path.endsWith('.md')).map((it) => [it.path, it.text]));
  return [...pages].flatMap(([path, text]) => {
    const targets = [...text.replaceAll(FENCE, '').matchAll(LINK)].map((it) => it[1] ?? it[2] ?? it[3] ?? '');
    return targets
      .filter((it) => !leadsSomewhere({ from: path, target: it, pages, exists }))
      .map((it) => `${path}: the link to ${it} leads nowhere`);
  });
}

/** @param {{ from: string, target: string, pages: Map<string, string>, exists: (path: string) => boolean }} link */
function leadsSomewhere({ from, target, pages, exists }) {
  if (/^[a-z][a-z+.-]*:|^\/\//i.test(target)) return true;
  const [file = '', fragment] = target.split('#');
  const path = file === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(file));
  if (!exists(path.replace(/\/$/, ''))) return false;
  const page = pages.get(path);
  return fragment === undefined || page === undefined || anchorsOf(page).has(fragment);
}

/**
 * The anchors that a Markdown page's headings get: lower case, words joined by hyphens, repeats numbered.
 * @param {string} text
 */
function anchorsOf(text) {
  const anchors = new Set();
  for (const [, heading = ''] of text.replaceAll(FENCE, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}
