/**
 * How a stage ended.
 * @typedef {object} Outcome
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} skipped names of the tests that did not run
 * @property {number} milliseconds
 * @property {number} budgetMinutes
 */

/** The part of vitest's JSON report that is read here.
 *  @typedef {{ testResults: { assertionResults: { status: string, fullName: string }[] }[] }} Report */

/**
 * Counts a report. A stage that ended badly without a failed test (a file that cannot be loaded, an error outside any
 * test, a crash, no test at all) counts as one failure, so that no closing line can read like success.
 * @param {Report | null} report null when there is none
 * @param {number} code exit code of the stage
 */
export function countReport(report, code) {
  const tests = report?.testResults.flatMap((it) => it.assertionResults) ?? [];
  const passed = tests.filter((it) => it.status === 'passed').length;
  const failed = tests.filter((it) => it.status === 'failed').length;
  const skipped = tests.filter((it) => it.status !== 'passed' && it.status !== 'failed').map((it) => it.fullName);
  const broken = (code !== 0 || report === null) && failed === 0;
  return { passed, failed: broken ? 1 : failed, skipped };
}

/**
 * @param {readonly Outcome[]} outcomes
 * @returns {Pick<Outcome, 'passed' | 'failed' | 'skipped'>}
 */
export function addOutcomes(outcomes) {
  return {
    passed: outcomes.reduce((sum, it) => sum + it.passed, 0),
    failed: outcomes.reduce((sum, it) => sum + it.failed, 0),
    skipped: outcomes.flatMap((it) => it.skipped),
  };
}

/**
 * The closing line, which scripts read: `N passed, N failed`, and `, N skipped` if any.
 * @param {Pick<Outcome, 'passed' | 'failed' | 'skipped'>} counts
 */
export function formatCounts({ passed, failed, skipped }) {
  const rest = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  return `${passed} passed, ${failed} failed${rest}`;
}

/** @param {Outcome} outcome */
export function formatOutcome(outcome) {
  const time = `${(outcome.milliseconds / 1000).toFixed(1)} s`.padStart(8);
  const over = outcome.milliseconds > outcome.budgetMinutes * 60_000 ? `, over its ${outcome.budgetMinutes} min` : '';
  return `${outcome.name.padEnd(9)}${time}${over}  ${formatCounts(outcome)}`;
}
