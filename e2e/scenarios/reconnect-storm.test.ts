import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPercentiles } from '../bench/samples.ts';
import { recordResult } from '../support/results.ts';
import { ReturningClient } from '../support/returning-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil, withDeadline } from '../support/wait-until.ts';

const CLIENTS = pickSize({ share: 300, full: 2_000 });
const DOCUMENTS = pickSize({ share: 30, full: 200 });
/** Far above what it takes; a client that is forgotten in a queue never comes. */
const DEADLINE = { what: 'everybody is back', timeoutMs: 90_000 };

describe('a reconnect storm', () => {
  let site: ServerSite;
  let server: RunningServer;
  let token: string;
  const clients = Array.from(
    { length: CLIENTS },
    (_, index) => new ReturningClient({ name: `client-${index}`, document: `storm/${index % DOCUMENTS}` }),
  );
  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start();
    token = await mintToken({ sub: 'ada' });
  });
  afterAll(async () => {
    for (const client of clients) client.leave();
    await site.dispose();
  });

  async function arriveAll(visit: string): Promise<void> {
    const retriesBefore = countRetries();
    const arrivals = Promise.all(clients.map((client) => client.arrive(site.collabUrl, token)));
    const seen = (): string => JSON.stringify(clients.flatMap(({ errors, ends }) => [...errors, ...ends]).slice(0, 9));
    const times = readPercentiles((await withDeadline(arrivals, { ...DEADLINE, seen })).map((it) => it.milliseconds));
    await recordResult(`reconnect storm, ${visit}`, {
      clients: CLIENTS,
      documents: DOCUMENTS,
      'p50 ms': (times?.p50 ?? 0).toFixed(0),
      'p99 ms': (times?.p99 ?? 0).toFixed(0),
      'second tries': countRetries() - retriesBefore,
    });
  }

  function countRetries(): number {
    return clients.reduce((sum, client) => sum + client.retries, 0);
  }

  /** Everybody sees everything that everybody wrote in their document. */
  async function expectAgreement(editsOfEach: number): Promise<void> {
    const expected = (CLIENTS / DOCUMENTS) * editsOfEach;
    await waitUntil(() => clients.every((client) => client.seen === expected), {
      what: `all see ${expected} edits`,
      timeoutMs: 60_000,
      seen: () => JSON.stringify(clients.map((client) => client.seen).slice(0, 20)),
    });
  }

  it(
    '[SOCK67] after a restart everybody returns in one moment, with what they wrote meanwhile, and all are served',
    { timeout: 300_000 },
    async () => {
      for (const client of clients) client.edit();
      await arriveAll('first visit');
      await expectAgreement(1);

      expect(await server.terminate()).toEqual({ code: 0, signal: null });
      await waitUntil(() => clients.every(({ ends }) => ends.length === 1), { what: 'everybody is sent away' });
      expect(new Set(clients.flatMap(({ ends }) => ends))).toEqual(new Set([CLOSE_CODES.goingAway]));
      for (const client of clients) client.edit();

      server = await site.start();
      await arriveAll('return');
      await expectAgreement(2);
      expect(clients.flatMap(({ errors }) => errors)).toEqual([]);
      expect(clients.every(({ ends }) => ends.length === 1)).toBe(true);
    },
  );
});
