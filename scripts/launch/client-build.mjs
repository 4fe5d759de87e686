import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashContents, isStamped, listFiles, writeStamp } from './content-stamp.mjs';
import { LaunchError, runStep } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

/** @param {string} root */
function hashOfSources(root) {
  const sources = [...listFiles(join(root, 'client')), ...listFiles(join(root, 'shared', 'src'))];
  const files = sources.filter((it) => !/\.test\.tsx?$/.test(it));
  return hashContents({ root, files: [...files, join(root, 'pnpm-lock.yaml'), join(root, 'tsconfig.base.json')] });
}

/**
 * Builds the browser app if its sources are not the ones it was last built from.
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv }} tools
 */
export async function buildClient({ root, node, env }) {
  const hash = hashOfSources(root);
  if (existsSync(join(root, 'client', 'dist', 'index.html')) && isStamped(root, 'client', hash)) return;
  await runStep('building the browser app', async () => {
    const vite = join(root, 'client', 'node_modules', 'vite', 'bin', 'vite.js');
    const { code, output } = await runQuietly(node, [vite, 'build'], { cwd: join(root, 'client'), env });
    if (code !== 0) throw new LaunchError('the browser app cannot be built; see above', output);
  });
  writeStamp(root, 'client', hash);
}
