import { createHash, randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantReads } from '../../src/adapters/postgres/tenant-reads.ts';
import { TIMEOUTS } from '../../src/adapters/postgres/timeouts.ts';
import { createApiKeyStore } from '../../src/adapters/sql/api-key-store.ts';
import { createAuditLog } from '../../src/adapters/sql/audit-log.ts';
import { createDocumentCatalog } from '../../src/adapters/sql/document-catalog.ts';
import { createGrantStore } from '../../src/adapters/sql/grant-store.ts';
import { createJobStore } from '../../src/adapters/sql/job-store.ts';
import { createStoredEvents } from '../../src/adapters/sql/stored-events.ts';
import { createStoredHistory } from '../../src/adapters/sql/stored-history.ts';
import type { TenantReads, TenantStoreDeps } from '../../src/adapters/sql/tenant-reads.ts';
import { createTenantUsageReader } from '../../src/adapters/sql/tenant-usage.ts';
import { newOwnedDatabase } from '../services/owned-database.ts';
import { missing } from '../services/shared-services.ts';
import { createIdentity } from '../support/identities.ts';
import { grant, subject } from './access-store-under-test.ts';
import { newWebhook } from './event-fixtures.ts';
import { openPostgresStore, type PostgresStoreUnderTest } from './postgres-store.ts';
import { AT, BY, bytes, name, newTenant, removeNow } from './store-under-test.ts';

/** All stores that read for one tenant. */
function createStores(deps: TenantStoreDeps) {
  return {
    catalog: createDocumentCatalog(deps),
    grants: createGrantStore(deps),
    keys: createApiKeyStore(deps),
    audit: createAuditLog(deps),
    jobs: createJobStore(deps),
    usage: createTenantUsageReader(deps),
    publications: createStoredHistory(deps).publications,
    ...createStoredEvents(deps),
  };
}

type Stores = ReturnType<typeof createStores>;

const PAGE = { cursor: null, limit: 10 } as const;
const [keyId, jobId, erasureId, webhookId] = [randomUUID(), randomUUID(), randomUUID(), `wh_${randomUUID()}`];

/** Everything that is asked for a tenant by name. */
const QUESTIONS: Readonly<Record<string, (stores: Stores, tenant: Tenant) => Promise<unknown>>> = {
  'what a name leads to': ({ catalog }, tenant) => catalog.resolve(tenant, name('secret')),
  'the list of documents': ({ catalog }, tenant) => catalog.list({ tenant, prefix: '', ...PAGE }),
  'the list of grants': ({ grants }, tenant) => grants.list({ tenant, resource: null, subject: null, ...PAGE }),
  'what somebody has': ({ grants }, tenant) => grants.readStanding(tenant, 'ada', [subject('user:ada')]),
  'a key': ({ keys }, tenant) => keys.read(tenant, keyId),
  'the list of keys': ({ keys }, tenant) => keys.list(tenant, PAGE),
  'the audit log': ({ audit }, tenant) => audit.list({ tenant, document: null, actor: null, ...PAGE }),
  'what is published': ({ publications }, tenant) => publications.list(tenant, PAGE),
  'a webhook': ({ webhooks }, tenant) => webhooks.read(tenant, webhookId),
  'the list of webhooks': ({ webhooks }, tenant) => webhooks.list(tenant, PAGE),
  'an erasure': ({ erasures }, tenant) => erasures.read(tenant, erasureId),
  'the list of erasures': ({ erasures }, tenant) => erasures.list(tenant),
  'a job': ({ jobs }, tenant) => jobs.read(tenant, 'ada', jobId, AT),
  'what is kept about somebody': ({ people }, tenant) => people.read(tenant, 'ada'),
  'what a tenant uses': ({ usage }, tenant) => usage.readUsage(tenant),
};

/** A tenant with something behind every question. */
async function fill(store: PostgresStoreUnderTest, tenant: Tenant): Promise<void> {
  const { record } = await store.catalog.create(tenant, name('secret'), 'ada', AT);
  await store.catalog.create(tenant, name('gone'), 'ada', AT);
  await removeNow(store, { tenant, name: name('gone') });
  const erasure = { id: erasureId, tenant, subjectHash: 'ab', begunAt: AT, begunBy: 'ada' };
  await store.erasures.begin(name('gone'), erasure);
  await store.grants.set(tenant, grant('user:ada', 'secret'));
  const content = bytes('secret');
  const sha256 = createHash('sha256').update(content).digest('hex');
  await store.publications.publish({ documentId: record.id, seq: 0, act: BY, content, sha256 }, 1);
  await newWebhook(store, tenant, { id: webhookId });
  const times = { createdAt: AT, expiresAt: null, revokedAt: null, lastUsedAt: null, previousEndsAt: null };
  const rights = { label: 'k', role: 'viewer', documents: new Map(), abilities: [] } as const;
  await store.keys.add({ id: keyId, tenant, ...rights, ...times, createdBy: 'ada' }, 'hash');
  const identity = createIdentity({ tenant });
  await createJobStore(store).create({
    id: jobId,
    kind: 'changes',
    identity,
    requests: ['{}'],
    at: AT,
    expiresAt: AT + 1_000,
  });
}

describe.skipIf(missing.postgres)('[AUTH262] the second wall alone, behind a first one that is wrong', () => {
  const [victim, spy] = [newTenant(), newTenant()];
  let store: PostgresStoreUnderTest;
  let readFor: TenantReads;
  beforeAll(async () => {
    store = await openPostgresStore(await newOwnedDatabase());
    readFor = createTenantReads(store.database, TIMEOUTS);
    await fill(store, victim);
  });
  afterAll(() => store.close());

  it.each(Object.keys(QUESTIONS))('%s of another tenant', async (question) => {
    const ask = QUESTIONS[question] ?? (() => Promise.reject(new Error('no question')));
    // The statement names the victim, as if the program had mixed up whose request it is; the reader is the spy's.
    const confused = createStores({ ...store, readFor: (_named, read) => readFor(spy, read) });
    const sound = createStores(store);
    const [told, nothing, all] = [await ask(confused, victim), await ask(sound, newTenant()), await ask(sound, victim)];
    expect(told).toEqual(nothing);
    expect(all).not.toEqual(nothing);
  });
});
