import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashContents, isStamped, writeStamp } from './content-stamp.mjs';
import { LaunchError, runStep } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

const WORKSPACES = ['shared', 'server', 'client', 'e2e'];

/** @param {string} root */
function hashOfManifests(root) {
  const names = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    ...WORKSPACES.map((it) => `${it}/package.json`),
  ];
  // Some packages are native: a folder that moved to another kind of machine is installed anew.
  return hashContents({ root, files: names.map((it) => join(root, it)), words: [process.platform, process.arch] });
}

/** Whether node_modules is what the lockfile says. */
export function areDependenciesInstalled(/** @type {string} */ root) {
  const complete = WORKSPACES.every((it) => existsSync(join(root, it, 'node_modules')));
  return complete && isStamped(root, 'dependencies', hashOfManifests(root));
}

/**
 * Installs exactly what the lockfile says.
 * @param {{ root: string, pnpm: string, env: NodeJS.ProcessEnv }} tools
 */
export async function installDependencies({ root, pnpm, env }) {
  const hash = hashOfManifests(root);
  // CI=true: no questions and a frozen lockfile. NODE_ENV=production would leave out the tools that build the client.
  const { NODE_ENV: _, ...rest } = env;
  await runStep('installing dependencies by the lockfile', async () => {
    const args = ['install', '--frozen-lockfile', '--reporter=append-only'];
    const { code, output } = await runQuietly(pnpm, args, { cwd: root, env: { ...rest, CI: 'true' } });
    if (code !== 0) throw new LaunchError('pnpm install failed; see above', output);
  });
  writeStamp(root, 'dependencies', hash);
}
