/** @typedef {import('./scan-tree.mjs').TreeFile} TreeFile */

const TEST = /\.test\.(ts|tsx|mjs)$/;
// A conditional skip is the way to say that a service is missing; under CI any skip fails the run.
const SILENCED =
  /\b(it|test|describe|suite|bench)(\.\w+)*\.(skip|only|todo|fails)\b(?!If)|^\s*(xit|xtest|xdescribe|fit|fdescribe)\(/;
const TITLE = /^\s*(?:it|test)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])(.*?)\1/;
const RULE = /^\[([A-Z]+\d+[a-z]?)\] \S/;

/**
 * No test is silenced, each says which rule it is about, and SPEC.md holds that rule.
 * @param {readonly TreeFile[]} files
 * @returns {string[]}
 */
export function findTestFaults(files) {
  const spec = files.find((it) => it.path === 'SPEC.md')?.text ?? '';
  return files.filter((it) => TEST.test(it.path)).flatMap((file) => findFaultsOf(file, spec));
}

/**
 * @param {TreeFile} file
 * @param {string} spec
 */
function findFaultsOf({ path, text }, spec) {
  /** @type {string[]} */
  const faults = [];
  text.split('\n').forEach((line, index) => {
    const place = `${path}:${index + 1}`;
    if (SILENCED.test(line)) faults.push(`${place}: a test is skipped, left to do, or the only one to run`);
    const title = TITLE.exec(line)?.[2];
    if (title === undefined) return;
    const rule = RULE.exec(title)?.[1];
    if (rule === undefined)
      faults.push(`${place}: a test's name starts with its rule, as in "[LOG3] append is atomic"`);
    else if (!new RegExp(`\\b${rule}\\b`).test(spec)) faults.push(`${place}: SPEC.md has no rule ${rule}`);
  });
  return faults;
}
