import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const OUTPUT_LIMIT = 20_000;

/** A server process of the tests. */
export interface ServiceProcess {
  readonly pid: number;
  /** What it printed last. */
  output(): string;
  ended(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, then makes it. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServiceCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs it as another user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number } | null;
}

const running = new Set<ChildProcess>();
// A test run that dies must not leave servers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server; it is killed at the latest when this process ends. */
export function startProcess({ command, args, env, user }: ServiceCommand): ServiceProcess {
  const child = spawn(command, [...args], {
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  running.add(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT);
    });
  }
  const closed = once(child, 'close').then(() => running.delete(child));
  return {
    pid,
    output: () => output,
    ended: () => !running.has(child),
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await closed;
      clearTimeout(late);
    },
  };
}

/** Runs a command to its end; throws with its output when it fails. */
export async function runCommand(command: ServiceCommand): Promise<string> {
  const child = spawn(command.command, [...command.args], {
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...command.user,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.command} ended with ${code}:\n${output.slice(-2_000)}`);
  return output;
}

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function findPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** Waits until the check holds; throws with what the server printed when it ends, or when that takes too long. */
export async function waitForService(
  service: ServiceProcess,
  what: { readonly name: string; readonly check: () => Promise<boolean>; readonly timeoutMs?: number },
): Promise<void> {
  const deadline = performance.now() + (what.timeoutMs ?? 60_000);
  while (!(await what.check())) {
    if (service.ended()) throw new Error(`${what.name} ended before it was ready:\n${service.output()}`);
    if (performance.now() > deadline) throw new Error(`${what.name} is not ready:\n${service.output()}`);
    await sleep(20);
  }
}

/** Whether something accepts connections on the port. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
