/** @typedef {import('./scan-tree.mjs').TreeFile} TreeFile */

const TEST = /\.test\.(ts|tsx|mjs)$/;
// A conditional skip is the way to say that a service is missing; under CI any skip fails the run.
const SILENCED =
  /\b(it|test|describe|suite|bench)(\.\w+)*\.(skip|only|todo|fails)\b(?!If)|^\s*(xit|xtest|xdescribe|fit|fdescribe)\(/;
const TITLE = /^(\s*)(it|test|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])(.*?)\3/;
const RULE = /^\[([A-Z]+\d+[a-z]?)\] \S/;

/**
 * No test is silenced, each says which rule it is about (itself, or the `describe` around it), and SPEC.md holds it.
 * @param {readonly TreeFile[]} files
 * @returns {string[]}
 */
export function findTestFaults(files) {
  const spec = files.find((it) => it.path === 'SPEC.md')?.text ?? '';
  const known = new Set(spec.match(/\b[A-Z]+\d+[a-z]?\b/g));
  return files.filter((it) => TEST.test(it.path)).flatMap((file) => findFaultsOf(file, known));
}

/**
 * @param {TreeFile} file
 * @param {ReadonlySet<string>} known
 */
function findFaultsOf({ path, text }, known) {
  /** @type {string[]} */
  const faults = [];
  /** The groups around the line, by their indentation, which the formatter keeps honest.
   *  @type {{ indent: number, hasRule: boolean }[]} */
  let groups = [];
  text.split('\n').forEach((line, index) => {
    const place = `${path}:${index + 1}`;
    if (SILENCED.test(line)) faults.push(`${place}: a test is skipped, left to do, or the only one to run`);
    const [, space = '', kind, , title = ''] = TITLE.exec(line) ?? [];
    if (kind === undefined) return;
    groups = groups.filter((it) => it.indent < space.length);
    const rule = RULE.exec(title)?.[1];
    if (rule !== undefined && !known.has(rule)) faults.push(`${place}: SPEC.md has no rule ${rule}`);
    if (kind === 'describe') groups.push({ indent: space.length, hasRule: rule !== undefined });
    else if (rule === undefined && !groups.some((it) => it.hasRule)) {
      faults.push(`${place}: a test's name starts with its rule, as in "[LOG3] append is atomic"`);
    }
  });
  return faults;
}
