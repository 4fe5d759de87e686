import { scanTree } from './scan-tree.mjs';

/**
 * One step of the check: a command of node_modules/.bin, or a function that returns what it found wrong.
 * @typedef {{ name: string, command: readonly string[] } | { name: string, scan: () => string[] }} Step
 */

const CRUISED = ['shared/src', 'server/src', 'server/test', 'client/src', 'client/test', 'e2e'];

/**
 * All steps, the longest first, so that two at a time end together.
 * @param {string} root
 * @returns {Step[]}
 */
export function listSteps(root) {
  return [
    { name: 'imports', command: ['depcruise', '--config', '.dependency-cruiser.cjs', ...CRUISED] },
    { name: 'unused', command: ['knip', '--no-config-hints'] },
    { name: 'types: client', command: ['tsc', '-p', 'client', '--noEmit'] },
    { name: 'types: e2e', command: ['tsc', '-p', 'e2e', '--noEmit'] },
    { name: 'types: server', command: ['tsc', '-p', 'server', '--noEmit'] },
    { name: 'types: shared', command: ['tsc', '-p', 'shared', '--noEmit'] },
    { name: 'types: scripts', command: ['tsc', '-p', '.', '--noEmit'] },
    { name: 'lint', command: ['oxlint', '.'] },
    { name: 'format', command: ['oxfmt', '--check', '.'] },
    { name: 'compose', command: ['dclint', '--max-warnings', '0', 'docker-compose.yml'] },
    { name: 'size', command: ['size-limit'] },
    { name: 'tree', scan: () => scanTree(root) },
  ];
}
