import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { findFileFaults } from './file-rules.mjs';
import { findLinkFaults } from './link-rules.mjs';
import { findPlaceFaults } from './place-rules.mjs';
import { findTestFaults } from './test-rules.mjs';

/** A text file of the tree; `path` is relative to the root, with forward slashes.
 *  @typedef {{ readonly path: string, readonly text: string }} TreeFile */

/** Installed, built, or kept by tools: not the project's own text. */
const NOT_OURS = new Set([
  '.git',
  'node_modules',
  'dist',
  'coverage',
  'test-results',
  'playwright-report',
  '.data',
  '.cache',
]);
const BINARY = /\.(png|jpe?g|ico|woff2?|gz|wasm|sqlite|yjs|bin)$/;

/**
 * Checks the rules that no other tool knows, over all text files of the tree.
 * @param {string} root
 * @returns {string[]} one line for each fault
 */
export function scanTree(root) {
  const files = readTree(root);
  const paths = new Set(files.map((it) => it.path));
  return [
    ...files.flatMap(findFileFaults),
    ...findPlaceFaults({ root, files }),
    ...findTestFaults(files),
    ...findLinkFaults(files, (path) => paths.has(path) || exists(join(root, path))),
  ];
}

/**
 * @param {string} root
 * @returns {TreeFile[]}
 */
function readTree(root) {
  /** @type {TreeFile[]} */
  const files = [];
  const visit = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && !BINARY.test(entry.name)) {
        files.push({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') });
      }
    }
  };
  visit(root);
  return files;
}

/** @param {string} path */
function exists(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
