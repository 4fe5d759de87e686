import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createForgetInDocument, type ForgetDeps } from '../../src/workers/forget-in-document.ts';
import { missing } from '../services/shared-services.ts';
import { findDangling } from '../support/stored-objects.ts';
import {
  ADA,
  ORDER,
  openClusterWorld,
  openEmbeddedWorld,
  type PersonWorld,
  shareOldDocument,
  type SharedDocument,
} from './person-world.ts';

describe('on SQLite and files', () => describeKills(() => openEmbeddedWorld()));

describe.skipIf(missing.postgres || missing.objectStore)('on PostgreSQL and a bucket', () =>
  describeKills(() => openClusterWorld()),
);

class Killed extends Error {}

/** Counts the steps that somebody takes, and ends them at one: it was done, and its answer is not heard any more. */
function createKiller(at: number) {
  const steps: string[] = [];
  const guard = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method, target);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]): Promise<unknown> => {
          // Who is dead does nothing more.
          if (steps.length > at) throw new Killed();
          steps.push(`${name}.${String(method)}`);
          const answer: unknown = await Reflect.apply(value, target, args);
          if (steps.length > at) throw new Killed();
          return answer;
        };
      },
    });
  return { steps, guard };
}

function describeKills(open: () => Promise<PersonWorld>): void {
  let world: PersonWorld;
  beforeAll(async () => void (world = await open()));
  afterAll(() => world.close());

  /** Forgets the person until it is killed at a step; the steps that were taken. */
  async function forgetUntil(shared: SharedDocument, at: number): Promise<readonly string[]> {
    const { steps, guard } = createKiller(at);
    const { deps } = world;
    const guarded: ForgetDeps = {
      ...deps,
      authorship: guard('authorship', deps.authorship),
      history: guard('history', deps.history),
      register: guard('register', deps.register),
      snapshots: guard('snapshots', deps.snapshots),
    };
    const forget = createForgetInDocument(guarded)({ ...ORDER, document: shared.record });
    // Removing an object is not worth an error, so the end may be reached even so.
    await forget.catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    return steps;
  }

  test('[HOOK247] killed at each step, and begun again, it ends the same', { timeout: 300_000 }, async () => {
    const all = await forgetUntil(await shareOldDocument(world), Infinity);
    expect(new Set(all)).toEqual(
      new Set([
        'authorship.readStanding',
        'authorship.findRows',
        'authorship.findSetAside',
        'authorship.replaceSetAside',
        'authorship.replace',
        'history.list',
        'history.locate',
        'register.register',
        'register.listUnnamed',
        'snapshots.put',
        'snapshots.get',
        'snapshots.remove',
      ]),
    );
    expect(await world.find(ADA)).toEqual([]);
    for (const [at, step] of all.entries()) {
      const context = `killed after step ${at}, ${step}`;
      const shared = await shareOldDocument(world);
      const { id } = shared.record;
      await forgetUntil(shared, at);
      await createForgetInDocument(world.deps)({ ...ORDER, document: shared.record });
      expect(await world.find(ADA, id), context).toEqual([]);
      expect(await findDangling(world.node, id), context).toEqual([]);
      // Whoever had read the old name must be fenced, by this call or by the one that was killed.
      expect((await world.node.log.readHeads([id]))[0]?.epoch, context).toBeGreaterThan(1);
      expect(await readTail(id), context).toEqual(await countTail(id));
    }
    expect(await world.find(ADA)).toEqual([]);
  });

  async function readTail(id: number): Promise<number | undefined> {
    return (await world.node.log.readLoadStart(id))?.tailBytes;
  }

  async function countTail(id: number): Promise<number> {
    const start = await world.node.log.readLoadStart(id);
    const rows = await world.node.log.readRows(id, start?.snapshot?.seq ?? 0, 1_000);
    return rows.reduce((sum, { payload }) => sum + payload.byteLength, 0);
  }
}
