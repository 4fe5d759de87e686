import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createDocumentEraser, type ErasureStep } from '../../src/workers/document-eraser.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  claimLanes,
  newWebhook,
  removeDocument,
  type EventStoreUnderTest,
  type OpenEventStore,
} from './event-fixtures.ts';
import { AT, bytes, newDocumentWithRows } from './store-under-test.ts';

/** What every store of erasures must do, with the worker that erases. */
export function describeErasureStore(adapter: string, open: OpenEventStore): void {
  describe(`erasure: ${adapter}`, () => {
    let store: EventStoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeErasure(() => store);
  });
}

/** Objects in memory; `fail` makes removals fail from now on. */
function createObjects() {
  const objects = new Map<string, Uint8Array>();
  const state = { fail: false };
  const snapshots: SnapshotStore = {
    put: async (key, content) => void objects.set(key, content),
    get: async (key) => objects.get(key) ?? null,
    remove: async (key) => {
      if (state.fail) throw new Error('the store is away');
      objects.delete(key);
    },
  };
  return { objects, snapshots, state };
}

/** A document of three rows whose snapshot is an object. */
async function newSubject(store: EventStoreUnderTest, { snapshots }: ReturnType<typeof createObjects>) {
  const record = await newDocumentWithRows(store, 3);
  const key = `t/${randomUUID()}`;
  const content = bytes('state');
  const sha256 = createHash('sha256').update(content).digest('hex');
  await store.register.register(record.id, key, AT);
  await snapshots.put(key, content);
  const snapshot = { seq: 3, at: AT, sha256, bytes: content.length, place: { kind: 'object', key } } as const;
  expect(await store.snapshotIndex.publish({ documentId: record.id, epoch: 1, expectedSeq: 0, snapshot })).toBe(true);
  return { record, key };
}

function createEraser(store: EventStoreUnderTest, snapshots: SnapshotStore, steps: readonly ErasureStep[] = []) {
  return createDocumentEraser({
    ...store,
    snapshots,
    steps,
    clock: createSystemClock(),
    telemetry: createSilentTelemetry(),
  });
}

const TABLES = [
  'log_rows',
  'snapshots',
  'history_segments',
  'client_bindings',
  'consumer_cursors',
  'quarantined_rows',
  'object_register',
] as const;

async function countLeft(store: EventStoreUnderTest, documentId: number): Promise<number> {
  let left = 0;
  for (const table of TABLES) {
    const rows = await store.database
      .selectFrom(table)
      .select('document_id')
      .where('document_id', '=', documentId)
      .execute();
    left += rows.length;
  }
  return left;
}

function describeErasure(get: () => EventStoreUnderTest): void {
  it('[HOOK30] removes all that a deleted document holds, and counts it', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    const webhook = await newWebhook(store, record.tenant);
    const asked: number[] = [];
    const search = { kind: 'entries', erase: async (documentId: number) => asked.push(documentId) };
    const eraser = createEraser(store, world.snapshots, [search]);
    await removeDocument(store, record, AT);
    const erasure = await eraser.erase(record.tenant, record.name, 'grace');
    expect(erasure).toMatchObject({
      tenant: record.tenant,
      begunBy: 'grace',
      documentIds: [record.id],
      // Created and changed are gone; deleted and erased stay, since the webhook has not had them yet.
      counts: { rows: 3, events: 2, objects: 1, entries: 1 },
    });
    expect(erasure?.finishedAt).toBeGreaterThan(AT);
    expect(erasure?.subjectHash).toBe(createHash('sha256').update(`${record.tenant}/${record.name}`).digest('hex'));
    expect([await countLeft(store, record.id), world.objects.size, asked]).toEqual([0, 0, [record.id]]);
    const [lane] = await claimLanes(store, webhook.id);
    const due = lane && (await store.deliveries.readDue(lane, 10));
    expect(due?.map(({ event }) => event.type)).toEqual(['document.deleted', 'document.erased']);
    expect(await store.catalog.resolve(record.tenant, record.name)).toMatchObject({ kind: 'deleted' });
    expect(await store.erasures.list(record.tenant)).toEqual([erasure]);
    await eraser.drain(0);
  });

  it('[HOOK151] what requests and jobs were about to write goes with their document, and that of others stays', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    const other = await newDocumentWithRows(store, 1);
    await store.catalog.describe(record.tenant, record.name, { title: 'secret', metadata: { a: 'secret' } });
    const ledger = createRequestLedger(store);
    const intents = [record, other].map(async ({ id, tenant }) => {
      const key = { tenant, user: 'ada', key: 'k' };
      const times = { at: AT, until: AT + 1, expiresAt: AT + 1_000 };
      await ledger.claim(key, { claim: 'c', fingerprint: 'f', ...times });
      await ledger.intend(key, 'c', { documentId: id, bytes: bytes('secret') });
      return async () => {
        const outcome = await ledger.claim(key, { claim: 'd', fingerprint: 'f', ...times, at: AT + 1 });
        return outcome.kind === 'claimed' && outcome.intent !== null;
      };
    });
    const isThere = await Promise.all(intents);
    await removeDocument(store, record, AT);
    const eraser = createEraser(store, world.snapshots);
    await eraser.erase(record.tenant, record.name, 'grace');
    expect([await isThere[0]?.(), await isThere[1]?.()]).toEqual([false, true]);
    const row = await store.database
      .selectFrom('documents')
      .select(['title', 'metadata'])
      .where('id', '=', record.id)
      .executeTakeFirst();
    expect(row).toEqual({ title: null, metadata: null });
    await eraser.drain(0);
  });

  it('[HOOK30] does nothing to a live document', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    const eraser = createEraser(store, world.snapshots);
    expect(await eraser.erase(record.tenant, record.name, 'grace')).toBeNull();
    expect(await store.erasures.erasePart(record.id, { limit: 100, now: AT })).toEqual({
      counts: {},
      keys: [],
      isMore: false,
    });
    expect([await countLeft(store, record.id), world.objects.size]).toEqual([5, 1]);
    await eraser.drain(0);
  });

  it('[HOOK30] one that was cut off is not finished, and goes on to the end', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    await removeDocument(store, record, AT);
    const eraser = createEraser(store, world.snapshots);
    world.state.fail = true;
    await expect(eraser.erase(record.tenant, record.name, 'grace')).rejects.toThrow('the store is away');
    const [cut] = await store.erasures.list(record.tenant);
    expect(cut).toMatchObject({ finishedAt: null });
    expect((await store.erasures.listUnfinished(1_000)).map(({ id }) => id)).toContain(cut?.id);
    // The key was handed out; it is handed out again once whoever had it has had time enough.
    const late = Date.now() + 60 * 60 * 1_000;
    const part = await store.erasures.erasePart(record.id, { limit: 100, now: late });
    expect(part.keys).toHaveLength(1);
    await eraser.drain(0);
  });

  it('[HOOK152] one who keeps a part and does not answer is asked again later, and holds up nothing else', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    await removeDocument(store, record, AT);
    const state = { isAway: true };
    const away: ErasureStep = {
      kind: 'entries',
      erase: () => (state.isAway ? Promise.reject(new Error('away')) : Promise.resolve(1)),
    };
    const asked: number[] = [];
    const other: ErasureStep = { kind: 'copies', erase: async (documentId) => asked.push(documentId) };
    const clock = createFakeClock();
    const eraser = createDocumentEraser({
      ...store,
      snapshots: world.snapshots,
      steps: [away, other],
      clock: { ...clock, now: () => AT, soon: (callback) => createSystemClock().soon(callback) },
      telemetry: createSilentTelemetry(),
    });
    const begun = await eraser.erase(record.tenant, record.name, 'grace');
    expect(begun).toMatchObject({ finishedAt: null, counts: { rows: 3, copies: 1 } });
    expect([await countLeft(store, record.id), asked]).toEqual([0, [record.id]]);
    state.isAway = false;
    await waitUntil('it was gone on with', async () => {
      clock.advance(100_000);
      return (await store.erasures.read(record.tenant, begun!.id))?.finishedAt !== null;
    });
    await eraser.drain(0);
  });

  it('[HOOK30] is not finished while somebody may still be writing an object', async () => {
    const store = get();
    const world = createObjects();
    const { record } = await newSubject(store, world);
    await store.register.register(record.id, `t/${randomUUID()}`, Date.now() + 3_600_000);
    await removeDocument(store, record, AT);
    const eraser = createEraser(store, world.snapshots);
    expect(await eraser.erase(record.tenant, record.name, 'grace')).toMatchObject({ finishedAt: null });
    expect(await countLeft(store, record.id)).toBe(1);
    await eraser.drain(0);
  });
}
