import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countReport } from './outcome.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/** A stage that takes this many times its budget hangs, and is ended. */
const HANGS_AFTER_BUDGETS = 4;

/**
 * Runs one stage with its output shown as it comes.
 * @param {{ root: string, reports: string, stage: { name: string, budgetMinutes: number }, args: readonly string[] }} what
 * @returns {Promise<Outcome>}
 */
export async function runStage({ root, reports, stage, args }) {
  const started = performance.now();
  const report = join(reports, `${stage.name}.json`);
  const deadline = stage.budgetMinutes * HANGS_AFTER_BUDGETS * 60_000;
  const code = await runNode({ root, args: [...commandOf({ root, name: stage.name, report }), ...args], deadline });
  const counts =
    stage.name === 'check'
      ? { passed: 0, failed: code === 0 ? 0 : 1, skipped: [] }
      : countReport(readReport(report), code);
  return { ...stage, ...counts, milliseconds: performance.now() - started };
}

/** @param {{ root: string, name: string, report: string }} stage */
function commandOf({ root, name, report }) {
  if (name === 'check') return [join(root, 'scripts', 'check.mjs')];
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return [vitest, 'run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
}

/** @param {string} path */
function readReport(path) {
  if (!existsSync(path)) return null;
  return /** @type {import('./outcome.mjs').Report} */ (JSON.parse(readFileSync(path, 'utf8')));
}

/**
 * @param {{ root: string, args: readonly string[], deadline: number }} command
 * @returns {Promise<number>} the exit code; 1 when a signal ended it
 */
function runNode({ root, args, deadline }) {
  return new Promise((resolve) => {
    // A group of its own, so that what hangs goes together with the servers and browsers that it started.
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit', detached: true });
    const endGroup = () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      console.log(`this stage has hung for ${deadline / 60_000} minutes and is ended`);
      endGroup();
    }, deadline);
    const stop = () => {
      endGroup();
      process.exit(130);
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve(code ?? 1);
    });
  });
}
