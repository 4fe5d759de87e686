import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for one test; `remove` takes it away with all it holds. */
export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/** Makes an empty directory below the system's place for temporary files. */
export function createTemporaryDirectory(purpose = 'test'): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), `scriptorium-${purpose}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
