import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  claimLanes,
  newWebhook,
  removeDocument,
  type EventStoreUnderTest,
  type OpenEventStore,
} from './event-fixtures.ts';
import { AT, BY, entry, name, newDocument, newDocuments, newTenant, newWriter } from './store-under-test.ts';

/** What every outbox must do. */
export function describeOutbox(adapter: string, open: OpenEventStore): void {
  describe(`outbox: ${adapter}`, () => {
    let store: EventStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeTransactions(() => store);
    describeChanges(() => store);
    describeListeners(() => store);
  });
}

async function typesOf(
  store: EventStoreUnderTest,
  documentId: number,
): Promise<readonly (readonly [number, string])[]> {
  const events = await store.outbox.readEvents(documentId, 0, 100);
  return events.map(({ number, type }) => [number, type] as const);
}

function describeTransactions(get: () => EventStoreUnderTest): void {
  it('[HOOK1] created, renamed and deleted are told of, with what belongs to them', async () => {
    const store = get();
    const tenant = newTenant();
    const { record } = await store.catalog.create(tenant, name('one'), 'ada', AT);
    await store.catalog.create(tenant, name('one'), 'ben', AT);
    await newWriter(store).append(entry(record.id, 'row'));
    await store.catalog.rename(tenant, name('one'), name('two'), { ...BY, at: AT + 1 });
    await removeDocument(store, { tenant, name: 'two' }, AT + 2);
    expect(await store.outbox.readEvents(record.id, 0, 100)).toEqual([
      expect.objectContaining({
        number: 1,
        type: 'document.created',
        name: 'one',
        user: 'ada',
        at: AT,
        facts: { epoch: 1, seq: 0 },
      }),
      expect.objectContaining({
        number: 2,
        type: 'document.renamed',
        name: 'two',
        facts: { epoch: 1, seq: 1, from: 'one' },
      }),
      expect.objectContaining({
        number: 3,
        type: 'document.deleted',
        name: 'two',
        at: AT + 2,
        facts: { epoch: 1, seq: 1 },
      }),
    ]);
  });

  it('[HOOK1] a change that does not come about is not told of', async () => {
    const store = get();
    const document = await newDocument(store);
    const { tenant } = document;
    await store.catalog.create(tenant, name('taken'), 'ada', AT);
    await store.catalog.rename(tenant, document.name, name('taken'), BY);
    expect(await typesOf(store, document.id)).toEqual([[1, 'document.created']]);
  });

  it('[HOOK2] events that many write at once are numbered without a gap', async () => {
    const store = get();
    const document = await newDocument(store);
    const { id: documentId, tenant, name: called } = document;
    const about = { tenant, documentId, name: called, type: 'user.joined', at: AT, facts: {} } as const;
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.outbox.record({ ...about, user: `u${index}` })),
    );
    expect(written).toEqual(written.map(() => true));
    const events = await store.outbox.readEvents(documentId, 1, 100);
    expect(events.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    expect(new Set(events.map(({ user }) => user)).size).toBe(20);
  });

  it('[HOOK2] nothing is told of a document after its deletion', async () => {
    const store = get();
    const document = await newDocument(store);
    const { id: documentId, tenant, name: called } = document;
    await newWriter(store).append(entry(documentId, 'row'));
    await removeDocument(store, document, AT);
    const late = { tenant, documentId, name: called, type: 'user.left', at: AT, user: 'ada', facts: {} } as const;
    expect(await store.outbox.record(late)).toBe(false);
    expect(await store.outbox.announceChange(documentId, AT)).toBe(false);
    expect(await typesOf(store, documentId)).toEqual([
      [1, 'document.created'],
      [2, 'document.deleted'],
    ]);
  });

  it('[HOOK15] what is old is removed, and the numbers go on', async () => {
    const store = get();
    // Older than what any other test of this store writes.
    const old = AT - 1_000_000_000;
    const tenant = newTenant();
    const webhook = await newWebhook(store, tenant);
    const { record } = await store.catalog.create(tenant, name('old'), 'ada', old);
    expect(await store.outbox.removeOld(old + 1, 100)).toBe(2);
    expect(await store.outbox.removeOld(old + 1, 100)).toBe(0);
    const lanes = await claimLanes(store, webhook.id);
    expect(lanes).toHaveLength(1);
    for (const lane of lanes) {
      expect(await store.deliveries.readDue(lane, 10)).toEqual([]);
      await store.deliveries.release(lane, true);
    }
    expect(await claimLanes(store, webhook.id)).toEqual([]);
    await removeDocument(store, { tenant, name: 'old' }, AT);
    expect(await typesOf(store, record.id)).toEqual([[2, 'document.deleted']]);
  });
}

function describeChanges(get: () => EventStoreUnderTest): void {
  it('[HOOK3] a change begins where the one before ended', async () => {
    const store = get();
    const document = await newDocument(store);
    const writer = newWriter(store);
    expect(await store.outbox.announceChange(document.id, AT)).toBe(false);
    await writer.append(entry(document.id, 'a'));
    await writer.append(entry(document.id, 'b'));
    expect(await store.outbox.announceChange(document.id, AT)).toBe(true);
    expect(await store.outbox.announceChange(document.id, AT)).toBe(false);
    await writer.append(entry(document.id, 'c'));
    // Several nodes may notice the same row.
    const told = await Promise.all(Array.from({ length: 5 }, () => store.outbox.announceChange(document.id, AT)));
    expect(told.filter(Boolean)).toHaveLength(1);
    const changes = (await store.outbox.readEvents(document.id, 1, 100)).map(({ facts }) => facts);
    expect(changes).toEqual([
      { epoch: 1, from: 0, to: 2 },
      { epoch: 1, from: 2, to: 3 },
    ]);
    expect(await store.outbox.readPositions([document.id, 9_000_000_000])).toEqual([
      { documentId: document.id, tenant: document.tenant, number: 3, head: 3, announcedSeq: 3 },
    ]);
  });

  it('[HOOK262] the last rows are told of by the deletion, where changes are told of', async () => {
    const store = get();
    const events = async (documentId: number) =>
      (await store.outbox.readEvents(documentId, 0, 100)).map(({ type, facts }) => [type, facts['from'], facts['to']]);
    const [told, wanted, missed, unheard] = await newDocuments(store, 4);
    if (told === undefined || wanted === undefined || missed === undefined || unheard === undefined) throw new Error();
    await newWebhook(store, wanted.tenant, { events: ['document.changed'], createdAt: AT });
    await newWebhook(store, missed.tenant, { events: ['document.changed'], createdAt: AT + 1 });
    await newWebhook(store, unheard.tenant, { events: ['document.deleted'], createdAt: AT });
    const writer = newWriter(store);
    const ids = [told, wanted, missed, unheard].map(({ id }) => id);
    await writer.append(...ids.map((id) => entry(id, 'a')));
    await store.outbox.announceChange(told.id, AT);
    await writer.append(...ids.map((id) => entry(id, 'b')));
    for (const document of [told, wanted, missed, unheard]) await removeDocument(store, document, AT + 2);
    const created = ['document.created', undefined, undefined];
    const deleted = ['document.deleted', undefined, undefined];
    const changed = (from: number, to: number) => ['document.changed', from, to];
    expect(await events(told.id)).toEqual([created, changed(0, 1), changed(1, 2), deleted]);
    expect(await events(wanted.id)).toEqual([created, changed(0, 2), deleted]);
    expect(await events(missed.id)).toEqual([created, deleted]);
    expect(await events(unheard.id)).toEqual([created, deleted]);
  });

  it('[HOOK14] documents with rows that were not told of are found', async () => {
    const store = get();
    const document = await newDocument(store);
    const other = await newDocument(store);
    await newWriter(store).append(entry(document.id, 'a'), entry(other.id, 'b'));
    await store.outbox.announceChange(other.id, AT);
    const find = async (before: number): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let after: number | null = 0; after !== null;) {
        const page: Awaited<ReturnType<typeof store.outbox.listUnannounced>> = await store.outbox.listUnannounced(
          after,
          { before, limit: 3 },
        );
        found.push(...page.documents.map(({ documentId }) => documentId));
        after = page.next;
      }
      return found;
    };
    expect(await find(AT + 1)).toContain(document.id);
    expect(await find(AT + 1)).not.toContain(other.id);
    expect(await find(AT)).not.toContain(document.id);
  });
}

function describeListeners(get: () => EventStoreUnderTest): void {
  it('[HOOK14] tenants where somebody listens are known, and since when', async () => {
    const store = get();
    const [all, some, none] = [newTenant(), newTenant(), newTenant()];
    await newWebhook(store, all, { createdAt: AT + 5 });
    await newWebhook(store, all, { createdAt: AT + 3, paused: 'by-hand' });
    await newWebhook(store, some, { events: ['user.left'] });
    const { changes, presence } = await store.outbox.readListeners();
    expect([changes.get(all), changes.get(some), changes.get(none)]).toEqual([AT + 3, undefined, undefined]);
    expect([all, some, none].map((tenant) => presence.has(tenant))).toEqual([true, true, false]);
  });
}
