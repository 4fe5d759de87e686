import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { Tenant } from '@scriptorium/shared/document-name';
import { createJobStore } from '../../src/adapters/sql/job-store.ts';
import { createPersonErasureStore } from '../../src/adapters/sql/person-erasure.ts';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { beginErasure } from '../../src/core/erasure-plan.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { ErasureOrder } from '../../src/ports/erased-people.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { ForgetInDocument } from '../../src/workers/forget-in-document.ts';
import { createPersonEraser } from '../../src/workers/person-eraser.ts';
import { createIdentity } from '../support/identities.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { grant } from './access-store-under-test.ts';
import { newWebhook } from './event-fixtures.ts';
import { AT, bytes, entry, name, newWriter } from './store-under-test.ts';
import type { ToldStoreUnderTest } from './told-store.ts';

/** An id that is found wherever it is by its marker, and is as awkward as an id may be. */
export function newPerson(): { readonly id: string; readonly marker: string } {
  const marker = randomUUID().replaceAll('-', '');
  return { id: `Ada "50%_" \\ ${marker}`, marker };
}

/** An order to erase somebody, by `grace`, under names that nothing else has. */
export function newErasureOrder(tenant: Tenant, more: Partial<ErasureOrder> = {}): ErasureOrder {
  const [pseudonym, recordId] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  return {
    tenant,
    user: 'grace',
    at: AT,
    pseudonym: `erased:${pseudonym}`,
    recordId: `er_${recordId}`,
    jobId: randomUUID(),
    content: 'keep',
    progress: beginErasure(more.at ?? AT),
    expiresAt: AT + 1e9,
    ...more,
  };
}

/** Somebody's traces in a tenant. */
export interface ErasedWorld {
  readonly tenant: Tenant;
  readonly marker: string;
  readonly record: DocumentRecord;
  readonly other: DocumentRecord;
  /** How many documents the tenant has. */
  readonly documents: number;
}

interface WorldOrder {
  readonly tenant: Tenant;
  readonly id: string;
  readonly marker?: string;
  /** Whether they have grants, which nobody has who is erased already. */
  readonly withAccess?: boolean;
}

/** Lets somebody do everything that leaves their id in a column. */
export async function fillWorld(store: ToldStoreUnderTest, order: WorldOrder): Promise<ErasedWorld> {
  const { tenant, id, marker = '', withAccess = true } = order;
  const { record } = await store.catalog.create(tenant, name(`a-${randomUUID()}`), id, AT);
  const { record: other } = await store.catalog.create(tenant, name(`b-${randomUUID()}`), 'lin', AT);
  const act = { user: id, at: AT };
  await store.outbox.record({
    tenant,
    documentId: record.id,
    name: record.name,
    type: 'user.joined',
    at: AT,
    user: id,
    facts: { name: `What ${marker} is called` },
  });
  await newWriter(store).append(
    entry(record.id, 'row'),
    entry(other.id, 'row', { bindings: [{ client: 7, user: id }] }),
  );
  await store.versions.add(record.id, { id: randomUUID(), seq: 1, label: 'v' }, act);
  const content = bytes('page');
  const page = { documentId: record.id, seq: 1, act, content, sha256: hash('sha256', content, 'hex') };
  await store.publications.publish(page, 3);
  await newWebhook(store, tenant, { createdBy: id });
  if (withAccess) await fillAccess(store, tenant, id);
  await fillRequests(store, tenant, id);
  await store.audit.append(tenant, [{ ...act, action: 'document.open', document: record.name }]);
  return { tenant, marker, record, other, documents: 2 };
}

async function fillAccess(store: ToldStoreUnderTest, tenant: Tenant, id: string): Promise<void> {
  const person = { kind: 'user', id } as const;
  await store.grants.revokeUser(tenant, id, { user: 'grace', at: AT });
  await store.grants.set(tenant, { ...grant('user:x', 'a'), subject: person });
  await store.grants.set(tenant, { ...grant('user:lin', 'a'), createdBy: id });
  const key = { id: randomUUID(), tenant, label: 'k', role: 'viewer', documents: new Map(), abilities: [] } as const;
  const times = { createdAt: AT, expiresAt: null, revokedAt: null, lastUsedAt: null, previousEndsAt: null };
  await store.keys.add({ ...key, ...times, createdBy: id }, 'hash');
  // They erased somebody themselves.
  const order = newErasureOrder(tenant, { user: id, at: AT - 1, expiresAt: AT });
  await store.erasedPeople.begin(`whoever-${randomUUID()}`, order);
}

async function fillRequests(store: ToldStoreUnderTest, tenant: Tenant, id: string): Promise<void> {
  const ledger = createRequestLedger(store);
  const claim = { claim: 'c', fingerprint: 'f', at: AT, until: AT, expiresAt: AT + 1e9 };
  await ledger.claim({ tenant, user: id, key: randomUUID() }, claim);
  const theirs = { tenant, user: 'lin', key: randomUUID() };
  await ledger.claim(theirs, claim);
  const body = { subject: `user:${id}`, createdBy: id, text: 'Ada' };
  await ledger.answer(theirs, 'c', JSON.stringify({ body }));
  const identity = { ...createIdentity({ user: id }), tenant, displayName: id };
  // Over at once, so that nobody takes it up.
  await createJobStore(store).create({
    id: randomUUID(),
    kind: 'changes',
    identity,
    requests: [`"${id.slice(-8)}"`],
    at: AT,
    expiresAt: AT,
  });
}

/** Where the work is cut off: before the so manieth statement, or behind the so manieth call of a port. */
interface Cut {
  readonly at: number;
  readonly when: 'before a statement' | 'behind a call';
}

const CUT = 'the process was killed';

/** Does the jobs of a store as nodes would, on a clock that goes on by itself; documents are played on their bindings. */
export function createWork(store: ToldStoreUnderTest) {
  let elapsed = 0;
  const clock = { ...createSystemClock(), now: () => AT + elapsed };
  const broken = new Set<number>();
  const unerasable = new Set<number>();
  const eraseOwn = async ({ id }: { readonly id: number }): Promise<boolean> => {
    if (unerasable.has(id)) throw new ScriptoriumError('document-quarantined');
    const gone = { deleted_at: AT, purged_at: AT };
    await store.database.updateTable('documents').set(gone).where('id', '=', id).execute();
    return true;
  };
  const forget: ForgetInDocument = async ({ document: { id }, subject, pseudonym }) => {
    if (broken.has(id)) throw new ScriptoriumError('document-quarantined');
    const { numUpdatedRows } = await store.database
      .updateTable('client_bindings')
      .set({ user_id: pseudonym })
      .where('document_id', '=', id)
      .where('user_id', '=', subject)
      .executeTakeFirst();
    return { rows: 0, segments: 0, bindings: Number(numUpdatedRows) };
  };

  /** The database, and ports, whose statements or calls are counted, and one of which is cut off. */
  const cutting = (cut: Cut | null) => {
    let count = 0;
    const isCut = (when: Cut['when']): boolean => cut?.when === when && (count += 1) === cut.at;
    const database = store.database.withPlugin({
      transformQuery: ({ node }) => {
        if (isCut('before a statement')) throw new Error(CUT);
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    });
    const guard = <T extends object>(port: T): T =>
      new Proxy(port, {
        get:
          (target, key) =>
          async (...args: unknown[]) => {
            const result: unknown = await (Reflect.get(target, key) as (...all: unknown[]) => unknown)(...args);
            if (isCut('behind a call')) throw new Error(CUT);
            return result;
          },
      });
    return { database, guard };
  };

  const run = async (cut: Cut | null, turns = 60): Promise<void> => {
    const { database, guard } = cutting(cut);
    const jobs = guard(createJobStore({ database }));
    const eraser = createPersonEraser({
      erasures: guard(createPersonErasureStore({ database })),
      forget: guard({ forget }).forget,
      eraseOwn: guard({ eraseOwn }).eraseOwn,
      refreshSearch: () => Promise.resolve(),
      clock,
      telemetry: createSilentTelemetry(),
    });
    for (let turn = 0; turn < turns; turn += 1) {
      elapsed += 31_000;
      const claim = randomUUID();
      const job = await jobs.claim({ claim, at: clock.now(), until: clock.now() + 30_000 });
      if (job === null) return;
      const own = { id: job.id, claim };
      const renew = async (): Promise<void> => void (await jobs.renew(own, clock.now() + 30_000));
      for (const item of job.items) {
        const outcome = item.outcome ?? (await eraser.carryOut(job, item, { renew }));
        if (typeof outcome !== 'string') await jobs.release(own, { kind: 'left', until: clock.now() });
        else {
          await jobs.settle(own, item.place, outcome);
          await jobs.release(own, { kind: 'finished', at: clock.now() });
        }
      }
    }
  };

  return {
    broken,
    unerasable,
    run: (turns?: number) => run(null, turns),
    /** Works up to a step and no further; false when the end came before it. */
    runCutOff: async (cut: Cut): Promise<boolean> => {
      try {
        await run(cut);
        return false;
      } catch (error) {
        if (error instanceof Error && error.message === CUT) return true;
        throw error;
      }
    },
  };
}

/** Documents of which nothing is left. */
export async function readPurged(store: ToldStoreUnderTest, tenant: Tenant): Promise<readonly number[]> {
  const rows = await store.database
    .selectFrom('documents')
    .select('id')
    .where('tenant', '=', tenant)
    .where('purged_at', 'is not', null)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}
