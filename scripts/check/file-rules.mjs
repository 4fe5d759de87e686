/** @typedef {import('./scan-tree.mjs').TreeFile} TreeFile */

const CODE = /\.(ts|tsx|mjs|cjs|js|css)$/;
const LINES_MAX = 300;
const VAGUE_WORDS = /(^|[/.-])(managers?|helpers?|utils?|data|misc)([.-]|\/|$)/;
const SUPPRESSION = /(oxlint|eslint)-disable(?!.*\s--\s\S)/;

/**
 * Length, name and suppressions of one file.
 * @param {TreeFile} file
 * @returns {string[]}
 */
export function findFileFaults({ path, text }) {
  if (!CODE.test(path)) return [];
  const faults = [];
  const lines = text.split('\n');
  const length = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (length > LINES_MAX) faults.push(`${path}: ${length} lines, the cap is ${LINES_MAX}`);
  if (/(^|\/)index\.[a-z]+$/.test(path)) faults.push(`${path}: no index files; name it after what it exports`);
  if (VAGUE_WORDS.test(path)) faults.push(`${path}: a name that says nothing (manager, helper, util, data, misc)`);
  lines.forEach((line, index) => {
    if (SUPPRESSION.test(line)) faults.push(`${path}:${index + 1}: a suppressed rule needs its reason behind " -- "`);
  });
  return faults;
}
