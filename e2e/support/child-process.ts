import { type ChildProcess, spawn } from 'node:child_process';
import { withDeadline } from './wait-until.ts';

const OUTPUT_LIMIT = 200_000;

/** How a child process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process of a test, with its output kept. */
export interface Child {
  readonly pid: number;
  /** Everything printed so far (its last 200,000 characters), both streams. */
  output(): string;
  /** Set once it ended. */
  readonly exit: Exit | null;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment besides PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
// A test run that dies must not leave servers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process; it is killed at the latest when the test run ends. */
export function startChild(options: ChildOptions): Child {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: { ...inheritedEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${options.command}`);

  let output = '';
  function collect(chunk: Buffer): void {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT);
  }
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);

  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    // `close` comes after the last byte of output, `exit` may come before it.
    child.once('close', (code, signal) => {
      running.delete(child);
      exit = { code, signal };
      resolve(exit);
    });
  });

  return {
    pid,
    output: () => output,
    get exit() {
      return exit;
    },
    exited,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await withDeadline(exited, { what: `end of process ${pid} after SIGKILL` });
    },
  };
}

function inheritedEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
