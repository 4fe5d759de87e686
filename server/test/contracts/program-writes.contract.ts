import { randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobStore } from '../../src/adapters/sql/job-store.ts';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import type { Schema } from '../../src/adapters/sql/schema.ts';
import type { Identity } from '../../src/ports/token-verifier.ts';
import type { JobStore } from '../../src/ports/job-store.ts';
import type { RequestClaim, RequestLedger } from '../../src/ports/request-ledger.ts';
import {
  AT,
  bytes,
  name,
  newTenant,
  newWriter,
  entry,
  type OpenStore,
  readTexts,
  type StoreUnderTest,
} from './store-under-test.ts';

/** What every catalog must do for programs that write: what documents begin with, and what they are called. */
export function describeSeededDocuments(adapter: string, open: OpenStore): void {
  describe(`documents of programs: ${adapter}`, () => {
    let store: StoreUnderTest;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeSeeds(() => store);
    describeDescriptions(() => store);
  });
}

/** What every database must do for programs that write: requests that may be repeated, and jobs. */
export function describeProgramWrites(
  adapter: string,
  open: () => Promise<{ readonly database: Kysely<Schema>; close(): Promise<void> }>,
): void {
  describe(`writes by programs: ${adapter}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => void (store = await open()));
    afterAll(() => store.close());
    describeLedger(() => createRequestLedger(store));
    describeJobs(() => createJobStore(store));
  });
}

const intent = (text: string) => ({ documentId: null, bytes: bytes(text) });

function describeSeeds(current: () => StoreUnderTest): void {
  const seed = (text: string) => ({
    payload: bytes(text),
    bindings: [{ client: 7, user: 'ada' }],
    title: 'T',
    metadata: { a: [1] },
  });

  it('[REST92] a document is there with its first row, bindings and description, and goes on from there', async () => {
    const store = current();
    const { kind, record } = await store.catalog.createWith(newTenant(), name('a'), {
      user: 'ada',
      at: AT,
      seed: seed('first'),
    });
    expect([kind, record.head, record.title, record.metadata]).toEqual(['created', 1, 'T', { a: [1] }]);
    await newWriter(store).append(entry(record.id, 'second'));
    expect(await readTexts(store, record.id)).toEqual([
      [1, 'first'],
      [2, 'second'],
    ]);
    expect(await store.log.readBindings(record.id)).toEqual([{ client: 7, user: 'ada' }]);
    expect((await store.log.readLoadStart(record.id))?.tailBytes).toBe('firstsecond'.length);
  });

  it('[REST92] of many that create it with a content, one does, and its content is there once', async () => {
    const store = current();
    const tenant = newTenant();
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store.catalog.createWith(tenant, name('a'), { user: 'ada', at: AT, seed: seed(`${index}`) }),
      ),
    );
    const created = results.filter(({ kind }) => kind === 'created');
    expect(created).toHaveLength(1);
    expect(await readTexts(store, created[0]!.record.id)).toHaveLength(1);
  });
}

function describeDescriptions(current: () => StoreUnderTest): void {
  it('[REST94] title and metadata are merged, in the expected revision only', async () => {
    const store = current();
    const tenant = newTenant();
    await store.catalog.create(tenant, name('a'), 'ada', AT);
    const first = await store.catalog.describe(tenant, name('a'), { title: 'T', metadata: { a: 1, b: 2 } });
    expect(first).toMatchObject({ kind: 'described', record: { title: 'T', metadata: { a: 1, b: 2 }, revision: 1 } });
    const second = await store.catalog.describe(tenant, name('a'), { metadata: { b: null, c: 3 } }, 1);
    expect(second).toMatchObject({ record: { title: 'T', metadata: { a: 1, c: 3 }, revision: 2 } });
    expect(await store.catalog.describe(tenant, name('a'), { title: null }, 1)).toEqual({ kind: 'moved' });
    expect(await store.catalog.describe(tenant, name('b'), { title: null })).toEqual({ kind: 'absent' });
    const [listed] = (await store.catalog.list({ tenant, prefix: '', cursor: null, limit: 1 })).records;
    expect(listed).toMatchObject({ title: 'T', metadata: { a: 1, c: 3 }, revision: 2, head: 0 });
  });
}

function describeLedger(current: () => RequestLedger): void {
  const claim = (more: Partial<RequestClaim> = {}): RequestClaim => ({
    claim: randomUUID(),
    fingerprint: 'f',
    at: AT,
    until: AT + 100,
    expiresAt: AT + 1_000,
    ...more,
  });
  const newKey = () => ({ tenant: newTenant(), user: 'ada', key: 'k' });

  it('[REST100] of many attempts one is at work, and all later ones get its answer', async () => {
    const [ledger, key] = [current(), newKey()];
    const claims = Array.from({ length: 8 }, () => claim());
    const outcomes = await Promise.all(claims.map((it) => ledger.claim(key, it)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['claimed', ...Array<string>(7).fill('in-progress')]);
    const own = claims[outcomes.findIndex(({ kind }) => kind === 'claimed')]!.claim;
    await ledger.answer(key, own, 'the answer');
    expect(await ledger.claim(key, claim())).toEqual({ kind: 'answered', answer: 'the answer' });
    expect(await ledger.claim(key, claim({ fingerprint: 'other' }))).toEqual({ kind: 'reused' });
    expect(await ledger.claim({ ...key, user: 'bob' }, claim())).toMatchObject({ kind: 'claimed' });
    expect(await ledger.claim({ ...key, tenant: newTenant() }, claim())).toMatchObject({ kind: 'claimed' });
  });

  it('[REST100] an attempt goes on where one ended, with what that was about to store', async () => {
    const [ledger, key] = [current(), newKey()];
    const first = claim();
    await ledger.claim(key, first);
    expect(await ledger.intend(key, first.claim, intent('intent'))).toBe(true);
    expect(await ledger.claim(key, claim({ at: AT + 99 }))).toEqual({ kind: 'in-progress' });
    const second = claim({ at: AT + 100, until: AT + 200 });
    const outcome = await ledger.claim(key, second);
    expect(outcome).toMatchObject({ kind: 'claimed', createdAt: AT });
    expect(outcome.kind === 'claimed' && new TextDecoder().decode(outcome.intent ?? undefined)).toBe('intent');
    // Overtaken: it can note nothing any more.
    expect(await ledger.intend(key, first.claim, intent('late'))).toBe(false);
    await ledger.answer(key, first.claim, 'late');
    await ledger.release(key, second.claim, 'kept');
    const third = claim({ at: AT + 101 });
    const again = await ledger.claim(key, third);
    expect(again).toMatchObject({ kind: 'claimed', createdAt: AT });
    expect(again.kind === 'claimed' && again.intent).not.toBeNull();
    await ledger.release(key, third.claim, 'dropped');
    expect(await ledger.claim(key, claim({ at: AT + 102 }))).toMatchObject({ kind: 'claimed', intent: null });
  });

  it('[REST100] a key is forgotten when its time is over', async () => {
    const [ledger, key] = [current(), newKey()];
    const first = claim();
    await ledger.claim(key, first);
    await ledger.answer(key, first.claim, 'old');
    const later = { at: AT + 1_000, until: AT + 1_100, expiresAt: AT + 2_000 };
    expect(await ledger.claim(key, claim(later))).toMatchObject({ kind: 'claimed', createdAt: AT + 1_000 });
    await ledger.expire(AT + 2_000);
    expect(await ledger.claim(key, claim({ ...later, fingerprint: 'g' }))).toMatchObject({ kind: 'claimed' });
  });
}

function describeJobs(current: () => JobStore): void {
  const identityOf = (tenant: Tenant): Identity => ({
    tenant,
    user: 'ada',
    displayName: 'Ada',
    issuedAt: 0,
    expiresAt: Infinity,
    role: 'editor',
    documents: new Map([['a/*', 'none']]),
    groups: ['g'],
    links: [],
    key: null,
    abilities: [],
  });

  it('[REST101] a job is claimed by one, gone on with by another, and finished once', async () => {
    const jobs = current();
    const tenant = newTenant();
    const id = randomUUID();
    const identity = identityOf(tenant);
    // A time of its own, at which no job of another test is open.
    const at = AT + Math.floor(Math.random() * 1e9);
    await jobs.create({ id, kind: 'changes', identity, requests: ['a', 'b'], at, expiresAt: at + 10_000 });
    expect(await jobs.read(tenant, 'ada', id, at)).toMatchObject({ isClaimed: false, finishedAt: null });
    expect(await jobs.read(tenant, 'eve', id, at)).toBeNull();
    expect(await jobs.read(newTenant(), 'ada', id, at)).toBeNull();
    const claims = ['x', 'y', 'z'].map((claim) => ({ claim, at, until: at + 100 }));
    const taken = await Promise.all(claims.map((by) => jobs.claim(by)));
    const own = taken.flatMap((job, index) => (job?.id === id ? [claims[index]!.claim] : []));
    expect(own).toHaveLength(1);
    expect(taken.find((job) => job?.id === id)).toMatchObject({ identity, isClaimed: true });
    const [first, second] = [
      { id, claim: own[0]! },
      { id, claim: 'later' },
    ];
    expect(await jobs.settle(first, 0, 'done a')).toBe(true);
    expect(await jobs.intend(first, 1, intent('intent'))).toBe(true);
    expect(await jobs.claim({ claim: 'early', at: at + 99, until: at + 200 })).toBeNull();
    const resumed = await jobs.claim({ claim: 'later', at: at + 100, until: at + 200 });
    expect(resumed?.items).toMatchObject([{ outcome: 'done a' }, { outcome: null, request: 'b' }]);
    expect(new TextDecoder().decode(resumed?.items[1]?.intent ?? undefined)).toBe('intent');
    expect(await jobs.settle(first, 1, 'late')).toBe(false);
    expect(await jobs.intend(first, 1, intent('late'))).toBe(false);
    expect(await jobs.renew(first, at + 900)).toBe(false);
    expect(await jobs.settle(second, 1, 'done b')).toBe(true);
    await jobs.release(second, { kind: 'finished', at: at + 150 });
    expect(await jobs.claim({ claim: 'w', at: at + 300, until: at + 400 })).toBeNull();
    const finished = await jobs.read(tenant, 'ada', id, at);
    expect(finished).toMatchObject({ finishedAt: at + 150, isClaimed: false });
    // Content goes with what was asked for.
    expect(finished?.items).toMatchObject([
      { request: '', intent: null, outcome: 'done a' },
      { request: '', intent: null, outcome: 'done b' },
    ]);
    await jobs.expire(at + 10_000);
    expect(await jobs.read(tenant, 'ada', id, at)).toBeNull();
  });
}
