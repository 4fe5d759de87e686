#!/usr/bin/env node
// The one door to this project on a machine that has only Node 20 and npm: it fetches what is missing, installs,
// builds, and runs the command. No dependencies, and nothing that Node 20 lacks.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClient } from './launch/client-build.mjs';
import { areDependenciesInstalled, installDependencies } from './launch/dependencies.mjs';
import { LaunchError } from './launch/progress.mjs';
import { becomeCommands } from './launch/run-command.mjs';
import { prepareTestMachine } from './launch/test-machine.mjs';
import { buildServer, SERVER_ENTRY } from './launch/server-build.mjs';
import { findToolchain } from './launch/toolchain.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} Command
 * @property {boolean} client whether the built browser app is needed
 * @property {boolean} server whether the built server is needed
 * @property {boolean} machine whether the tests' Debian packages are needed
 * @property {string[][]} scripts what Node runs at the end
 */

/**
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Command | null}
 */
function findCommand(name, args) {
  const vite = join(root, 'client', 'node_modules', 'vite', 'bin', 'vite.js');
  const everything = !['unit', 'services', 'simulation'].includes(args[0] ?? '');
  const machine = !['unit', 'simulation'].includes(args[0] ?? '');
  switch (name) {
    case 'start':
      return { client: true, server: true, machine: false, scripts: [[SERVER_ENTRY, ...args]] };
    case 'cli':
      return { client: false, server: true, machine: false, scripts: [['server/dist/cli.mjs', ...args]] };
    case 'dev':
      return {
        client: false,
        server: false,
        machine: false,
        scripts: [
          ['--watch', '--watch-preserve-output', 'server/src/main.ts', ...args],
          [vite, 'client'],
        ],
      };
    case 'prepare':
      return { client: true, server: true, machine: false, scripts: [] };
    case 'check':
      return { client: true, server: false, machine: false, scripts: [['scripts/check.mjs', ...args]] };
    case 'test':
      return { client: everything, server: everything, machine, scripts: [['scripts/test.mjs', ...args]] };
    case 'bench':
      return { client: false, server: true, machine: false, scripts: [['e2e/bench/run.ts', ...args]] };
    default:
      return null;
  }
}

async function launch() {
  const [name = '', ...args] = process.argv.slice(2);
  const command = findCommand(name, args);
  if (command === null)
    throw new LaunchError('usage: node scripts/launch.mjs start|dev|prepare|check|test|bench|cli [arguments]');
  const installed = areDependenciesInstalled(root);
  const { node, pnpm, env } = await findToolchain({ root, needsPnpm: !installed });
  if (!installed) await installDependencies({ root, pnpm, env });
  if (command.client) await buildClient({ root, node, env });
  if (command.server) await buildServer({ root, node, env });
  if (command.machine) await prepareTestMachine({ root, env });
  becomeCommands(
    command.scripts.map((it) => [node, ...it]),
    { cwd: root, env: { ...env, SERVER_ENTRY } },
  );
}

try {
  await launch();
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  if (error.output !== '') process.stderr.write(`${error.output}\n`);
  process.stderr.write(`scriptorium: ${error.message}\n`);
  process.exitCode = 1;
}
