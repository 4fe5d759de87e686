import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDocument } from '../../src/rooms/load-document.ts';
import { mergeLoaded } from '../../src/rooms/merge-loaded.ts';
import { countedTo } from '../support/counting-document.ts';
import { createRandom } from '../support/random.ts';
import { findDangling } from '../support/stored-objects.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { textOfState } from './document-typing.ts';

const CHILD = fileURLToPath(new URL('./upkeep-child.ts', import.meta.url));
const FULL = process.env['FULL'] === '1';
const KILLS = FULL ? 200 : 8;
const DOCUMENTS = 5;

let directory: TemporaryDirectory;
let child: ChildProcess | null = null;

beforeEach(() => void (directory = createTemporaryDirectory('kill')));
afterEach(() => {
  child?.kill('SIGKILL');
  directory.remove();
});

/** Lets a child work, kills it a while after its first acknowledgement, and returns how far each document was counted. */
async function workAndKill(ids: readonly number[], milliseconds: number): Promise<ReadonlyMap<number, number>> {
  const worker = spawn(process.execPath, [CHILD, directory.path, ...ids.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = worker;
  const acknowledged = new Map<number, number>();
  createInterface(worker.stdout).on('line', (line) => {
    const [id = 0, number = 0] = line.split(' ').map(Number);
    if (acknowledged.size === 0) setTimeout(() => worker.kill('SIGKILL'), milliseconds);
    acknowledged.set(id, number);
  });
  expect(await once(worker, 'close')).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

async function checkDocument(node: DocumentNode, id: number, atLeast: number): Promise<void> {
  const loaded = await loadDocument(node, id);
  expect(loaded).toMatchObject({ damage: [], passedOver: null });
  const { state, quarantine } = mergeLoaded(loaded);
  expect(quarantine).toBeNull();
  const counted = countedTo(textOfState(state.encode()));
  state.destroy();
  expect(counted).toBe(loaded.seq);
  expect(counted).toBeGreaterThanOrEqual(atLeast);
  expect(await findDangling(node, id)).toEqual([]);
}

/** Files that are in the store though no key of the register stands for them. */
async function findUnknownFiles(node: DocumentNode): Promise<readonly string[]> {
  const known = await node.database.selectFrom('object_register').select('key').execute();
  const keys = new Set(known.map(({ key }) => key));
  const root = join(directory.path, 'snapshots');
  if (!existsSync(root)) return [];
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => !name.includes('/.') && !keys.has(name));
}

describe(`${KILLS} kills`, () => {
  it(
    '[SNAP51] a process killed in the middle of folding, archiving, dropping and sweeping loses nothing',
    { timeout: KILLS * 15_000 },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = createRandom(seed);
      const first = await openDocumentNode(directory.path);
      const ids: number[] = [];
      for (let index = 0; index < DOCUMENTS; index += 1) ids.push((await first.create(`d${index}`)).id);
      await first.close();
      const counted = new Map<number, number>(ids.map((id) => [id, 0]));
      for (let kill = 0; kill < KILLS; kill += 1) {
        for (const [id, number] of await workAndKill(ids, random.below(400))) counted.set(id, number);
        const node = await openDocumentNode(directory.path);
        try {
          for (const [id, number] of counted) await checkDocument(node, id, number);
          expect(await findUnknownFiles(node)).toEqual([]);
        } catch (error) {
          throw new Error(`seed ${seed}, kill ${kill}`, { cause: error });
        } finally {
          await node.close();
        }
      }
      const archived = await openDocumentNode(directory.path);
      const progress = await Promise.all(ids.map((id) => archived.history.readProgress(id)));
      await archived.close();
      const numbers = progress.reduce((sum, it) => sum + (it?.head ?? 0), 0);
      const inSegments = progress.reduce((sum, it) => sum + (it?.archivedSeq ?? 0), 0);
      process.stdout.write(`${KILLS} kills, ${numbers} rows, ${inSegments} of them archived (seed ${seed})\n`);
      expect(inSegments).toBeGreaterThan(0);
    },
  );
});
