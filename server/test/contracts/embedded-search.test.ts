import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from 'node:worker_threads';
import { openSqliteSearchIndex, startSearchWorker } from '../../src/adapters/sqlite/search/open-search-index.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { describeSearchIndex } from './search-index.contract.ts';
import { searchEntry, searchRequest } from './search-index-fixtures.ts';
import { newTenant } from './store-under-test.ts';

function openIndex(directory: string) {
  return openSqliteSearchIndex({ directory, clock: createSystemClock(), log: createSilentTelemetry().log });
}

const shared = createTemporaryDirectory('search-contract');
describeSearchIndex('SQLite FTS5', async () => {
  const index = openIndex(shared.path);
  const close = async (): Promise<void> => {
    await index.close();
    shared.remove();
  };
  return { index, close };
});

describe('the embedded index', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => void (directory = createTemporaryDirectory('search')));
  afterEach(() => {
    directory.remove();
  });

  it('[FIND13] is there after a restart', async () => {
    const tenant = newTenant();
    const first = openIndex(directory.path);
    await first.write([searchEntry(tenant, ['Kept', 'lasting'])]);
    await first.close();
    const second = openIndex(directory.path);
    expect((await second.search(searchRequest(tenant, 'lasting'))).hits).toHaveLength(1);
    await second.close();
  });

  it('[FIND150] makes the directory where documents lie somewhere else, as soon as it can be made', async () => {
    const tenant = newTenant();
    const inTheWay = join(directory.path, 'not-there');
    writeFileSync(inTheWay, '');
    const index = openIndex(join(inTheWay, 'yet'));
    const write = (): Promise<void> => index.write([searchEntry(tenant, ['New', 'fresh'])]);
    await expect(write()).rejects.toMatchObject({ code: 'search-unavailable' });
    rmSync(inTheWay);
    await write();
    expect((await index.search(searchRequest(tenant, 'fresh'))).hits).toHaveLength(1);
    await index.close();
  });

  it('[FIND13] is made anew when its file is damaged', async () => {
    const tenant = newTenant();
    writeFileSync(join(directory.path, 'search.sqlite'), 'this is no database, and long enough to be looked at');
    const index = openIndex(directory.path);
    await index.write([searchEntry(tenant, ['New', 'fresh'])]);
    expect((await index.search(searchRequest(tenant, 'fresh'))).hits).toHaveLength(1);
    await index.close();
  });

  it('[FIND11] an erased document leaves no byte in the files', async () => {
    const index = openIndex(directory.path);
    const entry = searchEntry(newTenant(), ['Erased', 'zyzzyvamarker and more', '# zyzzyvaheading']);
    await index.write([entry, searchEntry(newTenant(), ['Stays', 'other'])]);
    expect(readAll(directory.path)).toContain('zyzzyva');
    await index.erase([entry.documentId]);
    await index.close();
    expect(readAll(directory.path)).not.toContain('zyzzyva');
  });

  it('[FIND14] a thread that dies is started again by the next call', async () => {
    const workers: Worker[] = [];
    const index = openSqliteSearchIndex({
      directory: directory.path,
      clock: createSystemClock(),
      log: createSilentTelemetry().log,
      startWorker: (file) => {
        const worker = startSearchWorker(file);
        workers.push(worker);
        return worker;
      },
    });
    const tenant = newTenant();
    await index.write([searchEntry(tenant, ['Kept', 'lasting'])]);
    await workers[0]?.terminate();
    expect((await index.search(searchRequest(tenant, 'lasting'))).hits).toHaveLength(1);
    expect(workers).toHaveLength(2);
    await index.close();
  });

  it('[FIND14] refuses after it is closed', async () => {
    const index = openIndex(directory.path);
    await index.close();
    await expect(index.search(searchRequest(newTenant(), 'x'))).rejects.toMatchObject({ code: 'search-unavailable' });
  });
});

function readAll(directory: string): string {
  return readdirSync(directory)
    .map((file) => readFileSync(join(directory, file), 'latin1'))
    .join('\n');
}
