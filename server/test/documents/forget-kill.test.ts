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
  shareDocument,
  shareOldDocument,
  type SharedDocument,
} from './person-world.ts';

describe('on SQLite and files', () => {
  describeKills(() => openEmbeddedWorld(), 1);
});

describe.skipIf(missing.postgres || missing.objectStore)('on PostgreSQL and a bucket', () => {
  // Most of the time goes into making documents there.
  describeKills(() => openClusterWorld(), process.env['FULL'] === '1' ? 1 : 3);
});

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

/** `stride`: it is killed after the first step, and then after each so many more. */
function describeKills(open: () => Promise<PersonWorld>, stride: number): void {
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

  /** Kills it after each of its steps, each time in another document. */
  async function killAfterEach(share: () => Promise<SharedDocument>): Promise<readonly string[]> {
    const all = await forgetUntil(await share(), Infinity);
    for (const [at, step] of all.entries()) {
      if (at % stride !== 1 % stride) continue;
      const context = `killed after step ${at}, before ${step}`;
      const shared = await share();
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
    return all;
  }

  test('[HOOK247] killed at each step, and begun again, it ends the same', { timeout: 300_000 }, async () => {
    const steps = await killAfterEach(() => shareOldDocument(world));
    expect(new Set(steps)).toEqual(
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
  });

  test(
    '[HOOK247] so it does where only rows of more than one batch name the person',
    { timeout: 300_000 },
    async () => {
      const steps = await killAfterEach(async () => {
        const shared = await shareDocument(world.node, false);
        for (let index = 0; index < 70; index += 1) await shared.write(ADA, 'a');
        return shared;
      });
      expect(steps.filter((step) => step === 'authorship.replace')).toHaveLength(2);
    },
  );

  test('[HOOK247] and where only segments do', { timeout: 300_000 }, async () => {
    const steps = await killAfterEach(async () => {
      const shared = await shareDocument(world.node, false);
      for (let part = 0; part < 2; part += 1) {
        await shared.write(ADA, 'part ');
        await shared.archive();
      }
      return shared;
    });
    expect(steps.filter((step) => step === 'authorship.replace')).toHaveLength(2);
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
