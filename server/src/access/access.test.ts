import { DEFAULT_TENANT, parseTenant } from '@scriptorium/shared/document-name';
import type { Role } from '@scriptorium/shared/roles';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { grant, resource, subject } from '../../test/contracts/access-store-under-test.ts';
import { newErasureOrder } from '../../test/contracts/erasure-work.ts';
import { BY } from '../../test/contracts/store-under-test.ts';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createIdentity } from '../../test/support/identities.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createStandingParts } from '../../test/support/standing-parts.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../../test/support/temporary-directory.ts';
import { createErasedPeople } from '../adapters/sql/erased-people.ts';
import { openSqlite } from '../adapters/sqlite/open-sqlite.ts';
import type { SqliteConnection } from '../adapters/sqlite/sqlite-connection.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { roleFor } from '../core/permissions.ts';
import type { Identity } from '../ports/token-verifier.ts';
import { mintSecret } from './secret-text.ts';

let directory: TemporaryDirectory;
let sqlite: SqliteConnection;
let clock: FakeClock;
let parts: ReturnType<typeof createStandingParts>;

beforeEach(async () => {
  directory = createTemporaryDirectory('access');
  // The database waits for its thread, which no fake clock moves.
  sqlite = await openSqlite({
    directory: directory.path,
    clock: createSystemClock(),
    log: createSilentTelemetry().log,
  });
  clock = createFakeClock({ now: 1_000_000 });
  parts = createStandingParts(sqlite.database, clock, createSilentTelemetry());
  await parts.watch.look();
});

afterEach(async () => {
  await parts.watch.drain(0);
  await sqlite.close();
  directory.remove();
});

async function roleOf(identity: Identity, name = 'a'): Promise<Role | null> {
  const { rights } = await parts.access.standingOf(identity);
  return rights === null ? null : roleFor(rights, name);
}

const ada = createIdentity({ groups: ['staff', 'night shift'] });
const lin = createIdentity({ user: 'lin', groups: ['staff'] });
const set = (who: string, role: Role, more: { readonly expiresAt?: number } = {}) =>
  parts.grants.set(DEFAULT_TENANT, grant(who, 'a', { role, ...more }));

describe('[AUTH42] rights are remembered, and exact up to the last change that was noticed', () => {
  test('the store is asked once for each subject, and again for those that changed', async () => {
    const read = vi.spyOn(parts.grants, 'readStanding');
    expect(await roleOf(ada)).toBe('none');
    expect(await roleOf(lin)).toBe('none');
    expect(await roleOf(ada)).toBe('none');
    expect(read.mock.calls.map(([, , subjects]) => subjects.map(({ kind, id }) => `${kind}:${id}`))).toEqual([
      ['user:ada', 'group:staff', 'group:night shift'],
      ['user:lin'],
    ]);
    await set('group:staff', 'viewer');
    await set('user:lin', 'editor');
    expect([await roleOf(ada), await roleOf(lin)]).toEqual(['none', 'none']);
    await parts.watch.look();
    expect([await roleOf(ada), await roleOf(lin)]).toEqual(['viewer', 'editor']);
    expect(read.mock.calls.slice(2).map(([, , subjects]) => subjects.map(({ kind, id }) => `${kind}:${id}`))).toEqual([
      ['group:staff'],
      ['user:lin'],
    ]);
  });

  test('a grant counts for its tenant, its subject and its time', async () => {
    await set('user:ada', 'editor', { expiresAt: clock.now() + 1_000 });
    await set('group:ada', 'owner');
    expect(await roleOf(ada)).toBe('editor');
    expect(await roleOf(lin)).toBe('none');
    expect(await roleOf({ ...ada, tenant: parseTenant('other') ?? DEFAULT_TENANT })).toBe('none');
    expect((await parts.access.standingOf(ada)).until).toBe(clock.now() + 1_000);
    clock.advance(1_000);
    expect(await roleOf(ada)).toBe('none');
    expect((await parts.access.standingOf(ada)).until).toBe(Infinity);
  });

  test('who has the secret of a link has what the link was given, until it is taken back', async () => {
    await parts.grants.addLink(DEFAULT_TENANT, grant('link:00', 'a', 'commenter'), 'hash');
    expect(await roleOf({ ...ada, links: ['00'] })).toBe('commenter');
    await parts.grants.revoke(DEFAULT_TENANT, subject('link:00'), resource('a'), BY);
    await parts.watch.look();
    expect(await roleOf({ ...ada, links: ['00'] })).toBe('none');
  });

  test("a user's tokens are void up to the moment that access was taken away, others' are not", async () => {
    await set('user:ada', 'editor');
    expect(await roleOf(ada)).toBe('editor');
    await parts.grants.revokeUser(DEFAULT_TENANT, 'ada', { user: 'grace', at: 5_500 });
    await parts.watch.look();
    expect(await roleOf({ ...ada, role: 'owner', issuedAt: 5_000 })).toBeNull();
    expect(await roleOf({ ...ada, role: 'owner', issuedAt: 0 })).toBeNull();
    expect(await roleOf({ ...ada, role: 'owner', issuedAt: 6_000 })).toBe('owner');
    // Asked for together with a group that both are in.
    const groups = ['asked for by ada first'];
    expect(await roleOf({ ...ada, groups, issuedAt: 5_000 })).toBeNull();
    expect(await roleOf({ ...lin, groups, role: 'viewer', issuedAt: 0 })).toBe('viewer');
  });
});

describe('[HOOK250] somebody who is erased', () => {
  const erase = () =>
    createErasedPeople({ database: sqlite.database }).begin('ada', newErasureOrder(DEFAULT_TENANT, { at: 5_500 }));

  test('is nobody with the next look, whatever was remembered and whatever a token says', async () => {
    await set('group:staff', 'editor');
    expect([await roleOf({ ...ada, role: 'admin' }), await roleOf(lin)]).toEqual(['admin', 'editor']);
    await erase();
    await parts.watch.look();
    for (const issuedAt of [0, 1e12]) {
      const standing = await parts.access.standingOf({ ...ada, role: 'admin', issuedAt });
      expect(standing).toEqual({ rights: null, isErased: true, until: Infinity });
    }
    expect(await roleOf(lin)).toBe('editor');
  });

  test('has their sessions called, and nobody else has', async () => {
    const calls = { ada: 0, lin: 0, elsewhere: 0 };
    parts.access.watch(ada, () => (calls.ada += 1));
    parts.access.watch(lin, () => (calls.lin += 1));
    const elsewhere = { ...ada, tenant: parseTenant('other') ?? DEFAULT_TENANT };
    parts.access.watch(elsewhere, () => (calls.elsewhere += 1));
    await erase();
    await parts.watch.look();
    expect(calls).toEqual({ ada: 1, lin: 0, elsewhere: 0 });
  });
});

describe('[AUTH43] a change is noticed by asking for one number, twice a second', () => {
  /** Lets time pass until something holds: the database answers in a time of its own. */
  const passing = async (check: () => boolean | Promise<boolean>): Promise<void> => {
    await vi.waitFor(
      async () => {
        clock.advance(100);
        await clock.settle();
        expect(await check()).toBe(true);
      },
      { timeout: 20_000, interval: 5 },
    );
  };

  test('whoever watches the subject is called, once for each look, and nobody else', async () => {
    const calls = { ada: 0, lin: 0, gone: 0 };
    parts.access.watch(ada, () => (calls.ada += 1));
    parts.access.watch(lin, () => (calls.lin += 1));
    parts.access.watch(ada, () => (calls.gone += 1))();
    await set('user:ada', 'editor');
    await set('user:ada', 'viewer');
    await set('group:night shift', 'viewer');
    await parts.watch.look();
    expect(calls).toEqual({ ada: 1, lin: 0, gone: 0 });
    await set('group:staff', 'viewer');
    await parts.watch.look();
    expect(calls).toEqual({ ada: 2, lin: 1, gone: 0 });
  });

  test('by itself, within the interval', async () => {
    let called = false;
    parts.access.watch(ada, () => (called = true));
    await set('user:ada', 'editor');
    await passing(() => called);
    expect(await roleOf(ada)).toBe('editor');
  });

  test('a change that another node made is noticed like one of its own, without any hint', async () => {
    const other = createStandingParts(sqlite.database, clock, createSilentTelemetry());
    expect(await roleOf(ada)).toBe('none');
    let called = 0;
    parts.access.watch(ada, () => (called += 1));
    await other.grants.set(DEFAULT_TENANT, grant('user:ada', 'a', 'owner'));
    await passing(() => called === 1);
    expect(await roleOf(ada)).toBe('owner');
    await other.watch.drain(0);
  });

  test('without changes it is one number, whatever is remembered', async () => {
    const readChanges = vi.spyOn(parts.changes, 'readChangesSince');
    const readRevision = vi.spyOn(parts.changes, 'readRevision');
    await passing(() => readRevision.mock.calls.length > 5);
    expect(readChanges).not.toHaveBeenCalled();
  });

  test('a hint of a higher number makes it look at once, one of a known number does not', async () => {
    const readRevision = vi.spyOn(parts.changes, 'readRevision');
    const revision = await set('user:ada', 'editor');
    parts.hints.publish(revision);
    await vi.waitFor(async () => expect(await roleOf(ada)).toBe('editor'), { timeout: 10_000 });
    const calls = readRevision.mock.calls.length;
    parts.hints.publish(revision);
    parts.hints.publish(1);
    await clock.settle();
    expect(readRevision.mock.calls.length).toBe(calls);
  });

  test('when changes were forgotten, everything counts as changed', async () => {
    let called = 0;
    parts.access.watch(lin, () => (called += 1));
    expect(await roleOf(ada)).toBe('none');
    await set('user:ada', 'editor');
    await sqlite.database.deleteFrom('access_changes').execute();
    await parts.watch.look();
    expect([called, await roleOf(ada)]).toEqual([1, 'editor']);
  });

  test('while the store is away, what is remembered is used for two seconds more', async () => {
    await set('user:ada', 'editor');
    await parts.watch.look();
    expect(await roleOf(ada)).toBe('editor');
    const away = new ScriptoriumError('storage-unavailable');
    const readRevision = vi.spyOn(parts.changes, 'readRevision').mockRejectedValue(away);
    const readStanding = vi.spyOn(parts.grants, 'readStanding').mockRejectedValue(away);
    clock.advance(1_900);
    await clock.settle();
    expect(await roleOf(ada)).toBe('editor');
    clock.advance(700);
    await clock.settle();
    await expect(parts.access.standingOf(ada)).rejects.toThrow('storage-unavailable');
    readRevision.mockRestore();
    readStanding.mockRestore();
    await passing(async () => (await roleOf(ada)) === 'editor');
  });
});

describe('[AUTH41] the use of a key is written down at most once a minute', () => {
  test('many uses in a minute are one write, and a failed write harms nothing', async () => {
    const minted = mintSecret('key');
    const noteUse = vi.spyOn(parts.keys, 'noteUse');
    const key = {
      id: minted.id,
      tenant: DEFAULT_TENANT,
      label: 'machine',
      role: 'viewer',
      documents: new Map(),
      abilities: [],
      createdAt: 1,
      createdBy: 'grace',
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
      previousEndsAt: null,
    } as const;
    await parts.keys.add(key, minted.hash);
    const use = () => parts.keyRing.verify({ kind: 'key', id: minted.id, hash: minted.hash });
    for (let round = 0; round < 5; round += 1) {
      await use();
      await parts.keyRing.flushUse();
      clock.advance(10_000);
    }
    expect(noteUse).toHaveBeenCalledTimes(1);
    expect((await parts.keys.read(DEFAULT_TENANT, minted.id))?.lastUsedAt).toBe(1_000_000);
    clock.advance(10_000);
    noteUse.mockRejectedValueOnce(new ScriptoriumError('storage-unavailable'));
    expect(await use()).toMatchObject({ kind: 'valid' });
    await parts.keyRing.flushUse();
    clock.advance(60_000);
    await use();
    await parts.keyRing.flushUse();
    expect((await parts.keys.read(DEFAULT_TENANT, minted.id))?.lastUsedAt).toBe(clock.now());
  });
});
