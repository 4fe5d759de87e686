import { existsSync, readdirSync } from 'node:fs';
import { LaunchError, runStep, say } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

/** What the end-to-end tests need from the machine, by Debian package. */
const NEEDS = [
  { debian: 'chromium', isThere: () => existsSync('/usr/bin/chromium') },
  { debian: 'strace', isThere: () => existsSync('/usr/bin/strace') },
  { debian: 'fonts-noto-core', isThere: () => hasFonts('/usr/share/fonts/truetype') },
];

/** Any font will do: without one, Chromium draws boxes. */
function hasFonts(/** @type {string} */ folder) {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function missingPackages() {
  return NEEDS.filter((it) => !it.isThere()).map((it) => it.debian);
}

/**
 * Installs missing Debian packages where this is root on Debian; else one line says what to install, and CI stops.
 * @param {{ root: string, env: NodeJS.ProcessEnv }} machine
 */
export async function prepareTestMachine({ root, env }) {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
  if (isDebianRoot) await installDebianPackages({ root, env, missing });
  const left = missingPackages();
  if (left.length === 0) return;
  const advice = `THE END-TO-END TESTS NEED ${left.join(', ')}: sudo apt-get install ${left.join(' ')} (or the like)`;
  if (env.CI === 'true') throw new LaunchError(advice);
  say(advice);
}

/** @param {{ root: string, env: NodeJS.ProcessEnv, missing: readonly string[] }} what */
async function installDebianPackages({ root, env, missing }) {
  const options = { cwd: root, env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } };
  await runStep(`installing ${missing.join(', ')} through apt-get`, async () => {
    const update = await runQuietly('apt-get', ['update', '-qq'], options);
    const args = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
    const install = await runQuietly('apt-get', args, options);
    if (install.code !== 0) throw new LaunchError('apt-get failed; see above', update.output + install.output);
  });
}
