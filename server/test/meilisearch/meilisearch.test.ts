import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IndexDocument, toIndexDocument } from '../../src/adapters/meilisearch/index-document.ts';
import { openMeilisearch } from '../../src/adapters/meilisearch/open-meilisearch.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import { describeSearchKeeping } from '../contracts/search-index.contract.ts';
import { searchEntry, searchRequest } from '../contracts/search-index-fixtures.ts';
import { AT, name, newTenant } from '../contracts/store-under-test.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { waitUntil } from '../support/wait-until.ts';
import { isContractMissing } from './openapi-contract.ts';
import { API_KEY, type MeilisearchStandIn, startMeilisearchStandIn } from './stand-in.ts';

const missing = isContractMissing();

function open(
  url: string,
  more: { readonly apiKey?: string; readonly requestTimeout?: number; readonly openFor?: number } = {},
): SearchIndex {
  return openMeilisearch({
    url,
    index: 'documents',
    log: createSilentTelemetry().log,
    timeouts: { request: more.requestTimeout ?? 10_000, task: 20_000 },
    apiKey: more.apiKey ?? API_KEY,
    ...(more.openFor !== undefined && { openFor: more.openFor }),
  });
}

describe.skipIf(missing)('Meilisearch, by its published contract', () => {
  describeSearchKeeping('Meilisearch', async () => {
    const standIn = await startMeilisearchStandIn();
    const index = open(standIn.url);
    const close = async (): Promise<void> => {
      await index.close();
      await standIn.stop();
      expect(standIn.violations).toEqual([]);
    };
    return { index, close };
  });

  let standIn: MeilisearchStandIn;
  beforeEach(async () => void (standIn = await startMeilisearchStandIn()));
  afterEach(async () => {
    await standIn.stop();
    expect(standIn.violations).toEqual([]);
  });

  it('[FIND15] every filter, order and page is a request that its contract allows', async () => {
    const index = open(standIn.url);
    const tenant = newTenant();
    const author = 'a "quoted" \\ name';
    await index.write([searchEntry(tenant, ['One', 'word'], { authors: [author], tags: ['x'], name: name('team/a') })]);
    const filter = { authors: [author], tags: ['x'], updatedFrom: AT, updatedBefore: AT + 1 };
    for (const sort of ['relevance', 'updated', 'name'] as const) {
      const names = ['team/*', 'other'];
      const page = await index.search(searchRequest(tenant, '"word" -absent', { filter, sort, names, offset: 0 }));
      expect(page.hits.map((hit) => hit.title)).toEqual(['One']);
    }
    await index.erase([1]);
    expect(standIn.requests).toContain('post /indexes/documents/compact');
  });

  it.each([500, 503, 'hang'] as const)(
    '[FIND16] an engine that answers %s is away, and works again when it is back',
    async (fault) => {
      const tenant = newTenant();
      const patient = open(standIn.url);
      await patient.write([searchEntry(tenant, ['One', 'word'])]);
      standIn.fail = fault;
      const index = fault === 'hang' ? open(standIn.url, { requestTimeout: 300 }) : patient;
      await expect(index.search(searchRequest(tenant, 'word'))).rejects.toMatchObject({ code: 'search-unavailable' });
      standIn.fail = null;
      expect((await patient.search(searchRequest(tenant, 'word'))).hits).toHaveLength(1);
    },
  );

  it('[FIND16] nobody at the address, or a key that is refused, is the same', async () => {
    const request = searchRequest(newTenant(), 'word');
    await expect(open('http://127.0.0.1:9').search(request)).rejects.toMatchObject({ code: 'search-unavailable' });
    const stranger = open(standIn.url, { apiKey: 'wrong' });
    await expect(stranger.search(request)).rejects.toMatchObject({ code: 'search-unavailable' });
  });

  it('[FIND16] an engine that fails again and again is left alone, and whoever keeps the index finds that it is back', async () => {
    const index = open(standIn.url, { openFor: 600_000 });
    const tenant = newTenant();
    const search = () => index.search(searchRequest(tenant, 'word'));
    await index.write([searchEntry(tenant, ['One', 'word'])]);
    standIn.fail = 500;
    for (let attempt = 0; attempt < 10; attempt += 1)
      await expect(search()).rejects.toMatchObject({ code: 'search-unavailable' });
    const asked = standIn.requests.length;
    for (let attempt = 0; attempt < 10; attempt += 1)
      await expect(search()).rejects.toMatchObject({ code: 'search-unavailable' });
    expect(standIn.requests.length).toBe(asked);
    await expect(index.readIndexed([1])).rejects.toMatchObject({ code: 'search-unavailable' });
    expect(standIn.requests.length).toBeGreaterThan(asked);
    standIn.fail = null;
    await index.readIndexed([1]);
    expect((await search()).hits).toHaveLength(1);
  });

  it('[FIND16] one that nobody keeps is asked again after a while', async () => {
    const index = open(standIn.url, { openFor: 100 });
    const tenant = newTenant();
    await index.write([searchEntry(tenant, ['One', 'word'])]);
    standIn.fail = 500;
    for (let attempt = 0; attempt < 10; attempt += 1)
      await index.search(searchRequest(tenant, 'word')).catch(() => null);
    standIn.fail = null;
    await waitUntil('it is asked again', async () => {
      const page = await index.search(searchRequest(tenant, 'word')).catch(() => null);
      return page?.hits.length === 1;
    });
  });

  it('[FIND16] a search that failed at once is tried again, one that was refused is not, and refusals spare nothing', async () => {
    const index = open(standIn.url, { openFor: 600_000 });
    const tenant = newTenant();
    await index.write([searchEntry(tenant, ['One', 'word'])]);
    const askedFor = async (status: number): Promise<number> => {
      standIn.fail = status;
      const before = standIn.requests.length;
      await expect(index.search(searchRequest(tenant, 'word'))).rejects.toMatchObject({ code: 'search-unavailable' });
      return standIn.requests.length - before;
    };
    expect(await askedFor(503)).toBe(3);
    for (let attempt = 0; attempt < 12; attempt += 1) expect(await askedFor(400)).toBe(1);
    standIn.fail = null;
    expect((await index.search(searchRequest(tenant, 'word'))).hits).toHaveLength(1);
  });

  it('[FIND17] an entry that the engine takes and cannot keep is an error that no retry mends', async () => {
    const index = open(standIn.url);
    const tenant = newTenant();
    await index.write([searchEntry(tenant, ['One', 'word'])]);
    standIn.failNextTask = 'invalid_document_id';
    await expect(index.write([searchEntry(tenant, ['Two', 'word'])])).rejects.toMatchObject({ code: 'internal' });
  });

  it('[FIND29] an entry of another format is found, counts as nothing that was indexed, and is written anew', async () => {
    const index = open(standIn.url);
    const tenant = newTenant();
    const entry = searchEntry(tenant, ['One', 'word']);
    await index.write([entry]);
    const current = await index.readIndexed([entry.documentId]);
    expect(current.get(entry.documentId)).toMatchObject({ epoch: entry.epoch, seq: entry.seq });
    await postDocument(standIn.url, { ...toIndexDocument(entry), format: 0 });
    expect((await index.search(searchRequest(tenant, 'word'))).hits).toHaveLength(1);
    const foreign = await index.readIndexed([entry.documentId]);
    expect(foreign.get(entry.documentId)).toEqual({ epoch: 0, seq: 0, name: entry.name });
    await index.write([entry]);
    expect(await index.readIndexed([entry.documentId])).toEqual(current);
  });
});

/** Writes as a node of another version would. */
async function postDocument(url: string, document: IndexDocument): Promise<void> {
  const answer = await fetch(`${url}/indexes/documents/documents?primaryKey=id`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify([document]),
  });
  expect(answer.status).toBe(202);
}
