import { homedir } from 'node:os';

/** @typedef {import('./scan-tree.mjs').TreeFile} TreeFile */

// Package files are found by name and checksum; where a machine fetches them from is its own affair.
const REGISTRY_HOSTS = ['registry.' + 'npmjs.org', 'registry.' + 'yarnpkg.com', 'npm.' + 'pkg.github.com'];
const LOCKFILE = /(^|\/)(pnpm-lock\.yaml|package-lock\.json|\.npmrc)$/;
const HOME_OF_SOMEBODY = /(?<![\w.@-])\/(?:home|Users)\/[a-z][\w.-]*\//;

/**
 * No file knows the machine that it was written on, or where packages came from.
 * @param {{ root: string, files: readonly TreeFile[] }} tree
 * @returns {string[]}
 */
export function findPlaceFaults({ root, files }) {
  // A root of one segment (/app, in an image) is too common a word to look for.
  const folders = [root, homedir()].filter((it) => it.split(/[/\\]/).length > 2).map((it) => `${it}/`);
  const hosts = [...REGISTRY_HOSTS, ...configuredRegistryHost()];
  return files.flatMap(({ path, text }) => {
    const faults = [];
    for (const folder of folders) if (text.includes(folder)) faults.push(`${path}: holds a path of this machine`);
    if (HOME_OF_SOMEBODY.test(text)) faults.push(`${path}: holds a path of somebody's home folder`);
    for (const host of hosts) if (text.includes(host)) faults.push(`${path}: holds the name of a package registry`);
    if (LOCKFILE.test(path) && /https?:\/\//.test(text))
      faults.push(`${path}: holds an address to fetch packages from`);
    return faults;
  });
}

/** The host that npm is configured with, which npm hands to its scripts when it is not the default one. */
function configuredRegistryHost() {
  const registry = process.env.npm_config_registry;
  return registry !== undefined && URL.canParse(registry) ? [new URL(registry).host] : [];
}
