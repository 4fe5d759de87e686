import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** What a terminal sends to its whole foreground group, so that the child has it already. */
const SENT_BY_TERMINAL = new Set(['SIGINT', 'SIGQUIT']);

/** How soon the end of npm is noticed. */
const PARENT_CHECK_MS = 250;

/**
 * Runs a command with its output kept back, for steps that only talk when they fail.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ code: number, output: string }>} never rejects; code 127 when it could not be started
 */
export function runQuietly(command, args, { cwd, env = process.env }) {
  return new Promise((resolve) => {
    // On Windows npm and pnpm are scripts, which only a shell can start.
    const shell = process.platform === 'win32' && !command.endsWith('.exe');
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Runs commands in the foreground, passes signals on, and ends this process the way the first of them that ends does.
 * @param {readonly (readonly string[])[]} commands each with its arguments
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
export function becomeCommands(commands, { cwd, env }) {
  const children = commands.map(([command = '', ...args]) => spawn(command, args, { cwd, env, stdio: 'inherit' }));
  const signalAll = (/** @type {NodeJS.Signals} */ signal) => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  };
  for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (process.stdin.isTTY && SENT_BY_TERMINAL.has(signal)) return;
      signalAll(signal);
    });
  }
  stopWithNpm(() => signalAll('SIGTERM'));
  /** @type {number | null} */
  let outcome = null;
  let running = children.length;
  const oneEnded = (/** @type {number} */ code) => {
    outcome ??= code;
    running -= 1;
    if (running === 0) process.exit(outcome);
    signalAll('SIGTERM');
  };
  for (const child of children) {
    child.on('error', (error) => {
      process.stderr.write(`scriptorium: ${error.message}\n`);
      oneEnded(1);
    });
    child.on('exit', (code, signal) => oneEnded(code ?? 128 + (signal === null ? 1 : constants.signals[signal])));
  }
}

/**
 * Calls back once when the npm that started this process has ended. npm runs its scripts through a shell, and a shell
 * passes no signals on: without this, `kill` on npm would leave the server behind, holding its port.
 * @param {() => void} stop
 */
function stopWithNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const atStart = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === atStart) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** The parent and, where the system tells, its parent: the shell and npm. */
function ancestors() {
  if (process.platform !== 'linux') return `${process.ppid}`;
  try {
    // The fourth field; the second, a name in parentheses, may hold spaces.
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return `${process.ppid}`;
  }
}
