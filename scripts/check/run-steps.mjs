import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** @typedef {import('./steps.mjs').Step} Step */

/** A step that is still running after this long hangs. */
const STEP_DEADLINE_MS = 300_000;

/**
 * Runs the steps, two at a time, and prints a line for each as it ends, followed by what a failed one said.
 * @param {{ root: string, steps: readonly Step[] }} what
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function runSteps({ root, steps }) {
  const waiting = [...steps];
  /** @type {string[]} */
  const failed = [];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const started = performance.now();
      const complaint = await runStep(root, step);
      const time = `${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(7);
      console.log(`${complaint === null ? 'ok  ' : 'FAIL'} ${step.name.padEnd(16)}${time}`);
      if (complaint === null) continue;
      failed.push(step.name);
      console.log(complaint);
    }
  };
  await Promise.all([work(), work()]);
  return failed;
}

/**
 * @param {string} root
 * @param {Step} step
 * @returns {Promise<string | null>} what is wrong, or null
 */
async function runStep(root, step) {
  if ('command' in step) return runTool(root, step.command);
  const findings = step.scan();
  return findings.length === 0 ? null : findings.join('\n');
}

/**
 * @param {string} root
 * @param {readonly string[]} command
 * @returns {Promise<string | null>}
 */
function runTool(root, [name = '', ...args]) {
  return new Promise((resolve) => {
    const tool = join(root, 'node_modules', '.bin', name);
    const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' };
    const child = spawn(tool, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: STEP_DEADLINE_MS });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? null : `${output.trimEnd()}\n(ended with ${code ?? signal})`),
    );
  });
}
