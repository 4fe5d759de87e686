import { existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { LaunchError, runStep } from './progress.mjs';
import { runQuietly } from './run-command.mjs';

const NODE_MAJOR = 24;
const PNPM_MAJOR = 12;
const NPM_FLAGS = ['--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * @typedef {object} Toolchain
 * @property {string} node path of a Node that is new enough
 * @property {string} pnpm path or name of a pnpm that is new enough
 * @property {NodeJS.ProcessEnv} env the environment in which both come first on PATH
 */

/**
 * The machine's own Node and pnpm where they are new enough, else the ones of `.ci/tools`, fetched through npm.
 * @param {{ root: string, needsPnpm: boolean }} what
 * @returns {Promise<Toolchain>}
 */
export async function findToolchain({ root, needsPnpm }) {
  const ownNode = majorOf(process.versions.node) >= NODE_MAJOR ? process.execPath : null;
  const fetched = fetchedTools(root);
  if (ownNode !== null && (!needsPnpm || (fetched === null && (await hasOwnPnpm(root))))) {
    return toolchain({ root, node: ownNode, pnpm: 'pnpm', folders: [] });
  }
  const tools = fetched ?? (await fetchTools(root));
  return toolchain({ root, node: ownNode ?? tools.node, pnpm: tools.pnpm, folders: [dirname(tools.pnpm)] });
}

/** @param {{ root: string, node: string, pnpm: string, folders: string[] }} parts */
function toolchain({ root, node, pnpm, folders }) {
  const path = [dirname(node), ...folders, join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  // Stripping types and compiling is 40 % of the server's start; Node can keep the result.
  const cache = join(root, 'node_modules', '.scriptorium', 'compile-cache');
  const extra = { PATH: path, NODE_COMPILE_CACHE: cache, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' };
  return { node, pnpm, env: { ...process.env, ...extra } };
}

/** @param {string} version */
function majorOf(version) {
  return Number.parseInt(version, 10) || 0;
}

/** @param {string} root */
async function hasOwnPnpm(root) {
  const { code, output } = await runQuietly('pnpm', ['--version'], { cwd: root });
  return code === 0 && majorOf(output.trim()) >= PNPM_MAJOR;
}

/**
 * The tools below `.ci/tools/node_modules`, or null where they are absent or older than the pins.
 * @param {string} root
 */
function fetchedTools(root) {
  const home = join(root, '.ci', 'tools');
  const kind = `linux-${process.arch}`;
  const pins = readJson(join(home, 'package.json')).optionalDependencies ?? {};
  const names = [`node-${kind}`, `@pnpm/exe.${kind}`];
  const current = names.every((name) => {
    const manifest = join(home, 'node_modules', name, 'package.json');
    return name in pins && existsSync(manifest) && readJson(manifest).version === pins[name];
  });
  if (process.platform !== 'linux' || !current) return null;
  return {
    node: join(home, 'node_modules', `node-${kind}`, 'bin', 'node'),
    pnpm: join(home, 'node_modules', '@pnpm', `exe.${kind}`, 'pnpm'),
  };
}

/** @param {string} root */
async function fetchTools(root) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new LaunchError(
      `install Node ${NODE_MAJOR} or newer (nodejs.org) and pnpm ${PNPM_MAJOR} (npm install -g pnpm), then run this again`,
    );
  }
  return runStep(`fetching Node ${NODE_MAJOR} and pnpm ${PNPM_MAJOR} through npm`, async () => {
    const home = join(root, '.ci', 'tools');
    const [npm = 'npm', ...before] = npmCommand();
    // Run in the folder, not with --prefix: that would make npm overlook the machine's own npmrc and its certificates.
    const { code, output } = await runQuietly(npm, [...before, 'ci', ...NPM_FLAGS], { cwd: home });
    const tools = fetchedTools(root);
    // A C library that the binaries were not built for shows only when they run.
    const runs = tools !== null && (await runQuietly(tools.node, ['--version'], { cwd: root })).code === 0;
    if (code === 0 && tools !== null && runs) return tools;
    throw new LaunchError(
      `npm could not fetch Node ${NODE_MAJOR} and pnpm ${PNPM_MAJOR}; install them yourself, then run this again`,
      output,
    );
  });
}

/** The npm that started this script, else the one on PATH. */
function npmCommand() {
  const script = process.env.npm_execpath ?? '';
  return basename(script).startsWith('npm') && existsSync(script) ? [process.execPath, script] : ['npm'];
}

/** @param {string} path */
function readJson(path) {
  return /** @type {{ version?: string, optionalDependencies?: Record<string, string> }} */ (
    JSON.parse(readFileSync(path, 'utf8'))
  );
}
