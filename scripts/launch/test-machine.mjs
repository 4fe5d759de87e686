import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError, runStep, say } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

/** What the tests need from the machine, by Debian package. */
const NEEDS = [
  { debian: 'postgresql', isThere: hasPostgres },
  { debian: 'redis-server', isThere: () => existsSync('/usr/bin/redis-server') },
  { debian: 'ceph-mon', isThere: () => existsSync('/usr/bin/ceph-mon') },
  { debian: 'ceph-osd', isThere: () => existsSync('/usr/bin/ceph-osd') },
  { debian: 'radosgw', isThere: () => existsSync('/usr/bin/radosgw') },
  { debian: 'haproxy', isThere: () => existsSync('/usr/sbin/haproxy') },
  { debian: 'pgbouncer', isThere: () => existsSync('/usr/sbin/pgbouncer') },
  { debian: 'chromium', isThere: () => existsSync('/usr/bin/chromium') },
  { debian: 'strace', isThere: () => existsSync('/usr/bin/strace') },
  { debian: 'fonts-noto-core', isThere: () => hasFonts('/usr/share/fonts/truetype') },
];

/** The programs lie in a folder for each version, not on PATH. */
function hasPostgres() {
  const versions = '/usr/lib/postgresql';
  return existsSync(versions) && readdirSync(versions).some((it) => existsSync(join(versions, it, 'bin', 'postgres')));
}

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
  const advice = `THE TESTS NEED ${left.join(', ')}: sudo apt-get install ${left.join(' ')} (or the like)`;
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
