import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashContents, isStamped, listFiles, writeStamp } from './content-stamp.mjs';
import { LaunchError, runStep } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

/** What `npm start` runs, from the checkout's root. */
export const SERVER_ENTRY = 'server/dist/main.mjs';

/** @param {string} root */
function hashOfSources(root) {
  const sources = [...listFiles(join(root, 'server', 'src')), ...listFiles(join(root, 'shared', 'src'))];
  const files = sources.filter((it) => !it.endsWith('.test.ts'));
  const settings = ['server/package.json', 'server/rolldown.config.ts', 'pnpm-lock.yaml'];
  return hashContents({ root, files: [...files, ...settings.map((it) => join(root, it))] });
}

/**
 * Builds the server if its sources are not the ones it was last built from.
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv }} tools
 */
export async function buildServer({ root, node, env }) {
  const hash = hashOfSources(root);
  if (existsSync(join(root, SERVER_ENTRY)) && isStamped(root, 'server', hash)) return;
  await runStep('building the server', async () => {
    const cwd = join(root, 'server');
    const rolldown = join(cwd, 'node_modules', 'rolldown', 'bin', 'cli.mjs');
    const { code, output } = await runQuietly(node, [rolldown, '-c', 'rolldown.config.ts'], { cwd, env });
    if (code !== 0) throw new LaunchError('the server cannot be built; see above', output);
  });
  writeStamp(root, 'server', hash);
}
