import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { startNode } from './compose.ts';
import type { Environment } from './config-problems.ts';
import { parseConfig, type Config } from './config.ts';
import { ScriptoriumError } from './core/errors.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const fail = (problems: readonly string[]): never => {
  for (const problem of problems) process.stderr.write(`scriptorium: ${problem}\n`);
  process.exit(1);
};

/** One line for what went wrong at start, in the words of the person who runs the server. */
function explain(error: unknown, config: Config): string {
  if (error instanceof ScriptoriumError) return error.detail ?? error.definition.title;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') return `port ${config.port} on ${config.host} is in use. Set PORT to another one.`;
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EPERM') {
    return `DATA_DIR ${resolve(config.dataDir)} cannot be written (${code}). Set DATA_DIR to a directory that can.`;
  }
  return `cannot start: ${error instanceof Error ? error.message : String(error)}`;
}

function banner(config: Config, started: { readonly port: number; readonly development: boolean }): void {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const at = `${host}:${started.port}`;
  print(`Scriptorium ${packageJson.version}`);
  print(`  editor     http://${at}/`);
  print(`  api, docs  http://${at}/docs`);
  print(`  websocket  ws://${at}/collab`);
  print(`  data       ${describePlaces(config)}`);
  print(`  mode       ${describeMode(config)}${started.development ? ', development sign-in by name' : ''}`);
}

/** Where documents are kept, without the passwords that addresses may hold. */
function describePlaces({ dataDir, stores }: Config): string {
  const database = stores.database === null ? null : URL.parse(stores.database.url);
  const documents = database === null ? resolve(dataDir) : `PostgreSQL at ${database.host}${database.pathname}`;
  return stores.objects === null ? documents : `${documents}, bucket ${stores.objects.bucket}`;
}

function describeMode({ stores }: Config): string {
  if (stores.database === null) return 'embedded, one node';
  return stores.redis === null ? 'one node; set REDIS_URL for several' : 'cluster node';
}

/** Starts the server that the environment asks for; resolves when it serves, and ends the process when it cannot. */
export async function runProcess(environment: Environment): Promise<void> {
  // Whoever read our output may have gone; that is no reason to stop serving.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const parsed = parseConfig(environment, (path) => readFileSync(path, 'utf8'));
  if (parsed.kind === 'invalid') fail(parsed.problems);
  else await run(parsed.config);
}

async function run(config: Config): Promise<void> {
  for (const warning of config.warnings) print(`note: ${warning}`);
  const node = await startNode(config, packageJson.version).catch((error: unknown) => fail([explain(error, config)]));
  banner(config, node);

  let exitCode = 0;
  let stopping = false;
  const stop = (code: number): void => {
    // What goes wrong during a stop is no reason to end it half-way, and none to call it a success.
    exitCode = Math.max(exitCode, code);
    if (stopping) return;
    stopping = true;
    // Whatever hangs, the process ends in time: what was acknowledged is in the log already. The timer also keeps it
    // from ending before, when all that it still waits for is a store that does not answer.
    setTimeout(() => process.exit(1), config.shutdownTimeoutMs);
    node.stop({ atOnce: code !== 0 }).then(
      (unfinished) => {
        for (const name of unfinished) process.stderr.write(`scriptorium: ${name} did not finish in time\n`);
        process.exit(unfinished.length > 0 ? 1 : exitCode);
      },
      (error: unknown) => fail([explain(error, config)]),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stopping) print(`${signal}: saving what is pending and stopping`);
    stop(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // A state that nobody foresaw is no state to go on from; clients come back to a fresh process.
  process.on('uncaughtException', (error) => {
    process.stderr.write(`scriptorium: stopping on an unforeseen error\n${error.stack ?? error.message}\n`);
    stop(1);
  });
}
