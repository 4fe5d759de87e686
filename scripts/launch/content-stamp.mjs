import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NOT_SOURCES = new Set(['node_modules', 'dist', 'test-results']);

/**
 * All files below a folder, without what is installed or built; sorted, so that the order is the same everywhere.
 * @param {string} folder
 * @returns {string[]}
 */
export function listFiles(folder) {
  if (!existsSync(folder)) return [];
  const files = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (NOT_SOURCES.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...listFiles(path));
    else if (entry.isFile()) files.push(path);
  }
  return files;
}

/**
 * A hash over names and contents of files and over words that matter as much. Contents, not times: a checkout
 * gives old contents new times.
 * @param {{ root: string, files: readonly string[], words?: readonly string[] }} what
 */
export function hashContents({ root, files, words = [] }) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const file of files) {
    hash.update(`${file.slice(root.length)}\0`);
    if (existsSync(file)) hash.update(readFileSync(file));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** Stamps live below node_modules, so that they go away with it. */
function stampPath(/** @type {string} */ root, /** @type {string} */ name) {
  return join(root, 'node_modules', '.scriptorium', `${name}.stamp`);
}

/** Whether the stamp of that name holds this hash. */
export function isStamped(/** @type {string} */ root, /** @type {string} */ name, /** @type {string} */ hash) {
  const path = stampPath(root, name);
  return existsSync(path) && readFileSync(path, 'utf8') === hash;
}

/** Writes the stamp; to be done last, when what it stands for is complete. */
export function writeStamp(/** @type {string} */ root, /** @type {string} */ name, /** @type {string} */ hash) {
  const path = stampPath(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}
