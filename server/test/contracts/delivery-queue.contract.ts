import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lane } from '../../src/ports/delivery-queue.ts';
import { resource } from './access-store-under-test.ts';
import {
  attempt,
  claimLane,
  claimLanes,
  newWebhook,
  removeDocument,
  type EventStoreUnderTest,
  type OpenEventStore,
} from './event-fixtures.ts';
import { AT, BY, name, newTenant } from './store-under-test.ts';

/** What every store of webhooks, and every queue of deliveries, must do. */
export function describeDeliveryQueue(adapter: string, open: OpenEventStore): void {
  describe(`webhooks and deliveries: ${adapter}`, () => {
    let store: EventStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeOwing(() => store);
    describeLanes(() => store);
    describeFailures(() => store);
    describeReplay(() => store);
    describeWebhooks(() => store);
  });
}

/** A tenant with a webhook, and a document with three events. */
async function newWorld(store: EventStoreUnderTest, more: Parameters<typeof newWebhook>[2] = {}) {
  const tenant = newTenant();
  const webhook = await newWebhook(store, tenant, more);
  const { record } = await store.catalog.create(tenant, name('notes/a'), 'ada', AT);
  await store.catalog.rename(tenant, name('notes/a'), name('notes/b'), BY);
  await store.catalog.rename(tenant, name('notes/b'), name('notes/c'), BY);
  return { tenant, webhook, documentId: record.id };
}

async function dueNumbers(store: EventStoreUnderTest, lane: Lane): Promise<readonly number[]> {
  return (await store.deliveries.readDue(lane, 100)).map(({ event }) => event.number);
}

async function settleAll(store: EventStoreUnderTest, lane: Lane): Promise<void> {
  let held: Lane | null = lane;
  for (const number of await dueNumbers(store, lane)) {
    held = held && (await store.deliveries.settle(held, number, { kind: 'delivered', attempt }, AT + 60_000));
  }
  if (held !== null) await store.deliveries.release(held, true);
}

function describeOwing(get: () => EventStoreUnderTest): void {
  it('[HOOK4] only what a webhook wants is owed to it', async () => {
    const store = get();
    const tenant = newTenant();
    const all = await newWebhook(store, tenant);
    const paused = await newWebhook(store, tenant, { paused: 'by-hand' });
    const renames = await newWebhook(store, tenant, { events: ['document.renamed'] });
    const drafts = await newWebhook(store, tenant, { documents: [resource('drafts/*'), resource('one')] });
    const stranger = await newWebhook(store, newTenant());
    await store.catalog.create(tenant, name('one'), 'ada', AT);
    await store.catalog.rename(tenant, name('one'), name('two'), BY);
    await store.catalog.rename(tenant, name('two'), name('drafts/x'), BY);
    const owed = async ({ id }: { readonly id: string }): Promise<readonly number[]> => {
      const page = await store.deliveries.listDeliveries(id, { state: 'pending', cursor: null, limit: 100 });
      return page.deliveries.map(({ number }) => number).sort((one, other) => one - other);
    };
    expect(await Promise.all([all, paused, renames, drafts, stranger].map(owed))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [2, 3],
      [1, 3],
      [],
    ]);
  });

  it('[HOOK4] a lane of a paused webhook is not due until the pause is over', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store, { paused: 'by-hand' });
    expect(await claimLanes(store, webhook.id)).toEqual([]);
    expect(await store.deliveries.readTarget(webhook.id, AT)).toBeNull();
    await store.webhooks.change(tenant, webhook.id, { change: { paused: null }, act: BY });
    expect(await dueNumbers(store, await claimLane(store, webhook.id))).toEqual([1, 2, 3]);
  });
}

function describeLanes(get: () => EventStoreUnderTest): void {
  it('[HOOK5] of many nodes one holds the lane, until its lease ends', async () => {
    const store = get();
    const { webhook } = await newWorld(store);
    const owners = ['a', 'b', 'c', 'd'];
    const claims = await Promise.all(owners.map((owner) => claimLanes(store, webhook.id, { owner })));
    expect(claims.flat()).toHaveLength(1);
    const [first] = claims.flat();
    expect(await claimLanes(store, webhook.id, { owner: 'e', now: AT + 59_999 })).toEqual([]);
    const second = await claimLane(store, webhook.id, { owner: 'e', now: AT + 60_000 });
    // Whoever lost it changes nothing any more.
    const late = first && (await store.deliveries.settle(first, 1, { kind: 'delivered', attempt }, AT + 120_000));
    expect(late).toBeNull();
    if (first !== undefined) await store.deliveries.release(first, true);
    expect(await dueNumbers(store, second)).toEqual([1, 2, 3]);
    expect(await claimLanes(store, webhook.id, { owner: 'f', now: AT + 60_001 })).toEqual([]);
  });

  it('[HOOK6] a lane is worked off in order, and what comes meanwhile is due afterwards', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    const lane = await claimLane(store, webhook.id);
    const moved = await store.deliveries.settle(lane, 1, { kind: 'delivered', attempt }, AT + 60_000);
    expect(moved).toMatchObject({ done: 1, queued: 3 });
    expect(await dueNumbers(store, lane)).toEqual([2, 3]);
    await store.catalog.rename(tenant, name('notes/c'), name('notes/d'), BY);
    // Found to be empty up to 3; what came since is not lost by that.
    if (moved !== null) await store.deliveries.release(moved, true);
    expect(await dueNumbers(store, await claimLane(store, webhook.id))).toEqual([4]);
  });

  it('[HOOK5] busy webhooks are left out when a node asks for more', async () => {
    const store = get();
    const { webhook } = await newWorld(store);
    const request = { owner: 'a', now: AT, leaseUntil: AT + 1_000, limit: 1_000 };
    const others = await store.deliveries.claim({ ...request, except: [webhook.id] });
    expect(others.map(({ webhookId }) => webhookId)).not.toContain(webhook.id);
    for (const lane of others) await store.deliveries.release(lane, false);
  });
}

function describeFailures(get: () => EventStoreUnderTest): void {
  const failed = { at: AT, status: 500, failure: 'status', milliseconds: 3 };

  it('[HOOK6] a failure holds up its own lane and no other', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    await store.catalog.create(tenant, name('other'), 'ada', AT);
    const [one, other] = await claimLanes(store, webhook.id);
    if (one === undefined || other === undefined) throw new Error('two lanes are due');
    await store.deliveries.settle(one, 1, { kind: 'retry', attempt: failed, nextAt: AT + 5_000 }, AT);
    await settleAll(store, other);
    expect(await claimLanes(store, webhook.id, { now: AT + 4_999 })).toEqual([]);
    const again = await claimLane(store, webhook.id, { now: AT + 5_000 });
    expect(again.documentId).toBe(one.documentId);
    const [due] = await store.deliveries.readDue(again, 1);
    expect(due).toMatchObject({ attempts: 1, firstAt: AT, event: { number: 1 } });
    expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ failingSince: null });
  });

  it('[HOOK13] what is postponed is no attempt', async () => {
    const store = get();
    const { webhook } = await newWorld(store);
    const lane = await claimLane(store, webhook.id);
    await store.deliveries.settle(lane, 1, { kind: 'postponed', nextAt: AT + 30_000 }, AT);
    const again = await claimLane(store, webhook.id, { now: AT + 30_000 });
    expect(await store.deliveries.readDue(again, 1)).toMatchObject([{ attempts: 0, firstAt: null }]);
  });

  it('[HOOK9] an event that is given up is out of the way, and pauses a webhook that took nothing since', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    let lane = await claimLane(store, webhook.id);
    await store.deliveries.settle(lane, 1, { kind: 'retry', attempt: failed, nextAt: AT }, AT);
    expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ failingSince: AT, paused: null });
    lane = await claimLane(store, webhook.id);
    const unless = { reason: 'failing', since: AT - 1 };
    const moved = await store.deliveries.settle(lane, 1, { kind: 'given-up', attempt: failed, pause: unless }, AT);
    // It failed only since AT: something was delivered after the time that was given.
    expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ paused: null });
    if (moved === null) throw new Error('the lane is held');
    const pause = { reason: 'failing', since: AT };
    await store.deliveries.settle(moved, 2, { kind: 'given-up', attempt: failed, pause }, AT);
    expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ paused: 'failing', failingSince: AT });
    const { deliveries } = await store.deliveries.listDeliveries(webhook.id, { state: null, cursor: null, limit: 10 });
    expect(deliveries.map(({ number, state, attempts }) => [number, state, attempts])).toEqual([
      [3, 'pending', 0],
      [2, 'dead', 1],
      [1, 'dead', 2],
    ]);
    const resumed = await store.webhooks.change(tenant, webhook.id, { change: { paused: null }, act: BY });
    expect(resumed).toMatchObject({ paused: null, failingSince: null });
  });

  it('[HOOK9] a success ends the failures, and is in the log', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    let lane = await claimLane(store, webhook.id);
    await store.deliveries.settle(lane, 1, { kind: 'retry', attempt: failed, nextAt: AT }, AT);
    lane = await claimLane(store, webhook.id);
    await settleAll(store, lane);
    expect(await store.webhooks.read(tenant, webhook.id)).toMatchObject({ failingSince: null, deliveredAt: AT });
    const first = await store.deliveries.listDeliveries(webhook.id, { state: 'delivered', cursor: null, limit: 2 });
    expect(first.deliveries).toMatchObject([
      { number: 3, name: 'notes/c', type: 'document.renamed', status: 200, failure: null, milliseconds: 12 },
      { number: 2 },
    ]);
    const rest = await store.deliveries.listDeliveries(webhook.id, {
      state: 'delivered',
      cursor: first.nextCursor,
      limit: 2,
    });
    expect(rest).toMatchObject({ deliveries: [{ number: 1, attempts: 2 }], nextCursor: null });
  });
}

function describeReplay(get: () => EventStoreUnderTest): void {
  it('[HOOK7] what was given up is owed again in the old order, what was delivered only when it is asked for', async () => {
    const store = get();
    const { tenant, webhook, documentId } = await newWorld(store);
    const lane = await claimLane(store, webhook.id);
    const dead = await store.deliveries.settle(lane, 1, { kind: 'given-up', attempt, pause: null }, AT + 60_000);
    if (dead === null) throw new Error('the lane is held');
    await settleAll(store, dead);
    const query = { since: 0, which: 'dead', name: null, act: BY } as const;
    expect(await store.deliveries.replay(newTenant(), webhook.id, query)).toBe(0);
    expect(await store.deliveries.replay(tenant, webhook.id, { ...query, since: AT + 1 })).toBe(0);
    expect(await store.deliveries.replay(tenant, webhook.id, { ...query, name: 'elsewhere' })).toBe(0);
    expect(await store.deliveries.replay(tenant, webhook.id, query)).toBe(1);
    const again = await claimLane(store, webhook.id);
    expect(again.documentId).toBe(documentId);
    expect(await dueNumbers(store, again)).toEqual([1]);
    await settleAll(store, again);
    expect(await store.deliveries.replay(tenant, webhook.id, { ...query, which: 'all', name: 'notes/c' })).toBe(3);
    expect(await dueNumbers(store, await claimLane(store, webhook.id))).toEqual([1, 2, 3]);
  });

  it('[HOOK7] a node that is at the lane meanwhile does not run over what was put back', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    const lane = await claimLane(store, webhook.id);
    const moved = await store.deliveries.settle(lane, 1, { kind: 'given-up', attempt, pause: null }, AT + 60_000);
    await store.deliveries.replay(tenant, webhook.id, { since: 0, which: 'dead', name: null, act: BY });
    if (moved === null) throw new Error('the lane is held');
    expect(await store.deliveries.settle(moved, 2, { kind: 'delivered', attempt }, AT + 60_000)).toBeNull();
    await store.deliveries.release(moved, true);
    expect(await dueNumbers(store, await claimLane(store, webhook.id, { now: AT + 60_000 }))).toEqual([1, 2, 3]);
  });
}

function describeWebhooks(get: () => EventStoreUnderTest): void {
  it('[HOOK10] a secret that was rotated signs as well until its end', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    await store.webhooks.rotate(tenant, webhook.id, { text: 'whsec_second', previousEndsAt: AT + 10, act: BY });
    const secretsAt = async (now: number) => (await store.deliveries.readTarget(webhook.id, now))?.secrets;
    expect(await secretsAt(AT + 9)).toEqual(['whsec_second', 'whsec_first']);
    expect(await secretsAt(AT + 10)).toEqual(['whsec_second']);
  });

  it('[HOOK8] a webhook that is removed is owed nothing', async () => {
    const store = get();
    const { tenant, webhook } = await newWorld(store);
    expect(await store.webhooks.remove(newTenant(), webhook.id, BY)).toBe(false);
    expect(await store.webhooks.remove(tenant, webhook.id, BY)).toBe(true);
    expect(await store.webhooks.remove(tenant, webhook.id, BY)).toBe(false);
    await removeDocument(store, { tenant, name: 'notes/c' }, AT);
    expect(await claimLanes(store, webhook.id)).toEqual([]);
    const log = await store.deliveries.listDeliveries(webhook.id, { state: null, cursor: null, limit: 10 });
    expect(log.deliveries).toEqual([]);
  });

  it('[HOOK8] webhooks are listed, read and changed within their tenant, so many of them', async () => {
    const store = get();
    const tenant = newTenant();
    const made = [];
    for (const at of [1, 2, 3]) made.push(await newWebhook(store, tenant, { createdAt: AT + at, label: `${at}` }));
    const [first, second, third] = made;
    const page = await store.webhooks.list(tenant, { cursor: null, limit: 2 });
    expect(page.webhooks).toEqual([third, second]);
    expect(await store.webhooks.list(tenant, { cursor: page.nextCursor, limit: 2 })).toEqual({
      webhooks: [first],
      nextCursor: null,
    });
    const id = first?.id ?? '';
    expect(await store.webhooks.read(newTenant(), id)).toBeNull();
    expect(await store.webhooks.change(newTenant(), id, { change: { label: 'mine' }, act: BY })).toBeNull();
    expect(
      await store.webhooks.change(tenant, id, { change: { label: 'mine', events: ['user.left'] }, act: BY }),
    ).toEqual({
      ...first,
      label: 'mine',
      events: ['user.left'],
    });
    expect(first && (await store.webhooks.add({ ...first, id: 'wh_more' }, 'whsec_', 3))).toBe(false);
  });
}
