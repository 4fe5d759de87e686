import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCpuMicroseconds, readResidentMegabytes } from '../bench/process-stats.ts';
import { recordResult } from '../support/results.ts';
import { type ServerSite, createServerSite, serverEnvironment, spawnServer } from '../support/scriptorium-server.ts';
import { withDeadline } from '../support/wait-until.ts';

describe('a server that cannot start', () => {
  let site: ServerSite;
  let directory: string;
  beforeAll(async () => {
    site = await createServerSite();
    directory = await mkdtemp(join(tmpdir(), 'scriptorium-start-'));
  });
  afterAll(async () => {
    await site.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts with the given changes to a good environment; returns the one line it must end with. */
  async function failWith(changes: Readonly<Record<string, string | null>>): Promise<string> {
    const env = new Map(Object.entries<string | null>({ ...serverEnvironment(site), ...changes }));
    const given = [...env].filter((entry): entry is [string, string] => entry[1] !== null);
    const child = spawnServer(Object.fromEntries(given));
    try {
      const exit = await withDeadline(child.exited, { what: 'the server gives up', seen: child.output });
      expect(exit, child.output()).toEqual({ code: 1, signal: null });
    } finally {
      await child.kill();
    }
    const lines = child
      .output()
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines, child.output()).toHaveLength(1);
    return lines[0] ?? '';
  }

  it('[OPS50] a port in use is one line that names the port, and exit code 1', async () => {
    const blocker = createServer();
    blocker.listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await failWith({ PORT: port })).toMatch(new RegExp(`${port}.*in use|in use.*${port}`, 'i'));
    blocker.close();
  });

  it('[OPS51] a data directory that cannot be written is one line that names it, and exit code 1', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    for (const dataDir of [file, join(file, 'below'), '/proc/scriptorium']) {
      expect(await failWith({ DATA_DIR: dataDir })).toContain(dataDir);
    }
  });

  it('[OPS52] a second process on one data directory is one line, exit code 1, and no harm to the first', async () => {
    const first = await site.start();
    const line = await failWith({ PORT: '0' });
    expect(line).toContain(site.dataDir);
    expect(line).toMatch(/another|in use|already/i);
    const answer = await fetch(`${site.url}/readyz`);
    expect(answer.status).toBe(200);
    await first.kill();
    // The lock dies with its holder: no stale file keeps the next one out.
    const next = await site.start();
    await next.kill();
  });

  it.for([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['LIMIT_MESSAGE_BYTES', '-1'],
    ['LIMIT_UPDATES_PER_SECOND', 'many'],
    ['LOG_LEVEL', 'loud'],
    ['LIMIT_UPDATES_PER_SECOND', '0'],
    ['ALLOWED_ORIGINS', 'not an origin'],
    ['SCRIPTORIUM_NONSENSE', '1'],
  ] as const)('[OPS53] %s=%s is one line that names the variable, and exit code 1', async ([name, value]) => {
    expect(await failWith({ [name]: value })).toContain(name);
  });

  it('[OPS54] without a secret it refuses an address that others can reach', async () => {
    expect(await failWith({ HOST: '0.0.0.0', JWT_SECRET: null })).toContain('JWT_SECRET');
  });

  it('[OPS55] SIGTERM ends it in order, with exit code 0', { timeout: 30_000 }, async () => {
    const server = await site.start();
    expect(await server.terminate()).toEqual({ code: 0, signal: null });
  });

  it('[OPS56] start to ready is printed', { timeout: 120_000 }, async () => {
    const samples: number[] = [];
    const work: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const server = await site.start();
      samples.push(server.readyAfterMs);
      work.push(readCpuMicroseconds(server.pid) / 1000);
      await server.kill();
    }
    samples.sort((a, b) => a - b);
    await recordResult('start to ready', {
      'best ms': (samples[0] ?? 0).toFixed(0),
      'median ms': (samples[2] ?? 0).toFixed(0),
      'worst ms': (samples[4] ?? 0).toFixed(0),
      'CPU ms': Math.min(...work).toFixed(0),
    });
    // The target is 1.5 s. A shared machine may take its time, so what is held is the server's own work: one that loads
    // something huge does not pass.
    expect(Math.min(...work)).toBeLessThan(3_000);
  });

  it('[OPS58] an idle server takes at most 120 MB', { timeout: 30_000 }, async () => {
    const server = await site.start();
    await sleep(2_000);
    const megabytes = readResidentMegabytes(server.pid);
    await recordResult('idle memory', { MB: megabytes.toFixed(1) });
    expect(megabytes).toBeLessThanOrEqual(120);
    await server.kill();
  });
});
