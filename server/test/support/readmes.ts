import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** READMEs of the dependencies, whose licenses permit it. */
export function findReadmes(): readonly string[] {
  const store = resolve(import.meta.dirname, '../../../node_modules/.pnpm');
  const found: string[] = [];
  for (const entry of readdirSync(store)) {
    const modules = join(store, entry, 'node_modules');
    const name = entry
      .replace(/@[^@]*$/, '')
      .replace(/@\d.*$/, '')
      .replace('+', '/');
    const file = join(modules, name, 'README.md');
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > 500 && size < 60_000) found.push(file);
    if (found.length === 50) break;
  }
  return found;
}
