import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SECRET } from './test-node.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** The server's own process, as a supervisor sees it. */
export interface NodeProcess {
  /** Where it listens, once it does. */
  readonly port: Promise<number>;
  /** How it ended. */
  readonly code: Promise<number | null>;
  terminate(): void;
  /** Ends it, if it still runs. */
  kill(): void;
  /** What it wrote on standard error. */
  errors(): string;
  /** What it wrote on standard output, its log included. */
  output(): string;
}

/** Starts the server on a free port; `hook` is a module that is loaded before it. */
export function startNodeProcess(
  directory: string,
  { hook, variables = {} }: { readonly hook?: string; readonly variables?: Readonly<Record<string, string>> },
): NodeProcess {
  const own = { DATA_DIR: directory, PORT: '0', LOG_LEVEL: 'silent', JWT_SECRET: SECRET };
  const preload = hook === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  const child = spawn(process.execPath, [...preload, MAIN], {
    env: { PATH: process.env.PATH ?? '', ...own, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  let output = '';
  const port = new Promise<number>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      const found = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return {
    port,
    code: once(child, 'close').then(([code]) => code as number | null),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    errors: () => errors,
    output: () => output,
  };
}
