import { DEFAULT_TENANT, parseTenant } from '@scriptorium/shared/document-name';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { grant, resource, subject } from '../../test/contracts/access-store-under-test.ts';
import { BY } from '../../test/contracts/store-under-test.ts';
import { createFakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createIdentity } from '../../test/support/identities.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createStandingParts } from '../../test/support/standing-parts.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../../test/support/temporary-directory.ts';
import { openSqlite } from '../adapters/sqlite/open-sqlite.ts';
import type { SqliteConnection } from '../adapters/sqlite/sqlite-connection.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { ApiKey } from '../ports/api-key-store.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import { createCredentialVerifier } from './credential-verifier.ts';
import { mintSecret, readSecret } from './secret-text.ts';

const HOUR = 3_600_000;
const other = parseTenant('other') ?? DEFAULT_TENANT;
let directory: TemporaryDirectory;
let sqlite: SqliteConnection;
let clock: FakeClock;
let parts: ReturnType<typeof createStandingParts>;
let verifier: TokenVerifier;

beforeEach(async () => {
  directory = createTemporaryDirectory('credentials');
  sqlite = await openSqlite({
    directory: directory.path,
    clock: createSystemClock(),
    log: createSilentTelemetry().log,
  });
  clock = createFakeClock();
  parts = createStandingParts(sqlite.database, clock, createSilentTelemetry());
  await parts.watch.look();
  const tokens: TokenVerifier = {
    verify: (token) =>
      Promise.resolve(
        token === 'jwt'
          ? { kind: 'valid', identity: createIdentity({ role: 'viewer' }) }
          : { kind: 'invalid', code: 'unauthenticated', detail: 'no JWT' },
      ),
  };
  verifier = createCredentialVerifier({ ...parts, tokens });
});

afterEach(async () => {
  await parts.watch.drain(0);
  await sqlite.close();
  directory.remove();
});

async function addKey(more: Partial<ApiKey> = {}) {
  const minted = mintSecret('key');
  const key: ApiKey = {
    id: minted.id,
    tenant: DEFAULT_TENANT,
    label: 'Exporter',
    role: 'viewer',
    documents: new Map([['notes/*', 'editor']]),
    abilities: ['read-audit'],
    createdAt: clock.now(),
    createdBy: 'grace',
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    previousEndsAt: null,
    ...more,
  };
  await parts.keys.add(key, minted.hash);
  return { ...minted, key };
}

async function addLink(tenant = DEFAULT_TENANT) {
  const minted = mintSecret('link');
  await parts.grants.addLink(tenant, grant(`link:${minted.id}`, 'a', 'commenter'), minted.hash);
  return minted;
}

const codeOf = async (text: string): Promise<string> => {
  const verification = await verifier.verify(text);
  return verification.kind === 'valid' ? verification.identity.user : verification.code;
};

describe('[AUTH37] secrets', () => {
  test('hold 256 random bits behind a beginning that tells what they are, and only their hash is kept', async () => {
    const { id, text, hash } = mintSecret('key');
    expect(text).toMatch(/^sckey_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(mintSecret('link').text).toMatch(/^sclink_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(readSecret(text)).toEqual({ kind: 'key', id, hash });
    expect(mintSecret('key', id).text).not.toBe(text);
    const key = await addKey();
    const link = await addLink();
    const rows = JSON.stringify([
      await sqlite.database.selectFrom('api_keys').selectAll().execute(),
      await sqlite.database.selectFrom('grant_links').selectAll().execute(),
    ]);
    for (const secret of [key.text, link.text]) expect(rows).not.toContain(secret.slice(-43));
  });

  test.each([
    '',
    'sckey_',
    'sckey_0123456789abcdef_short',
    'SCKEY_0123456789abcdef_' + 'a'.repeat(43),
    ' sckey_0123456789abcdef_' + 'a'.repeat(43),
  ])('%j has not their form', (text) => {
    expect(readSecret(text)).toBeNull();
  });
});

describe("[AUTH38] a machine's key stands where a token does", () => {
  test('it speaks for itself, with its own role, names and abilities', async () => {
    const { id, hash, text } = await addKey();
    expect(await verifier.verify(text)).toEqual({
      kind: 'valid',
      identity: {
        tenant: 'default',
        user: `key:${id}`,
        displayName: 'Exporter',
        issuedAt: clock.now(),
        expiresAt: Infinity,
        role: 'viewer',
        documents: new Map([['notes/*', 'editor']]),
        groups: [],
        links: [],
        key: { id, secretHash: hash },
        abilities: ['read-audit'],
      },
    });
  });

  test('an unknown key and a wrong secret get the same answer, an expired one another', async () => {
    const { id, text } = await addKey({ expiresAt: clock.now() + HOUR });
    const wrong = mintSecret('key', id).text;
    const unknown = mintSecret('key').text;
    expect(await verifier.verify(wrong)).toEqual(await verifier.verify(unknown));
    expect(await codeOf(wrong)).toBe('unauthenticated');
    // A link with the id and secret of the key is none.
    expect(await codeOf(text.replace('sckey', 'sclink'))).toBe('unauthenticated');
    clock.advance(HOUR);
    expect(await codeOf(text)).toBe('token-expired');
  });

  test('it is looked up once; one that is not there is not remembered', async () => {
    const find = vi.spyOn(parts.keys, 'find');
    const { text, id, key, hash } = await addKey();
    await codeOf(text);
    await codeOf(text);
    expect(find).toHaveBeenCalledTimes(1);
    const later = mintSecret('key');
    expect(await codeOf(later.text)).toBe('unauthenticated');
    await parts.keys.add({ ...key, id: later.id }, later.hash);
    expect(await codeOf(later.text)).toBe(`key:${later.id}`);
    expect([id, hash]).toBeDefined();
  });
});

test('[AUTH39] both secrets of a rotated key are good during the overlap, then the new one alone; an older one at once no more', async () => {
  const { id, text } = await addKey();
  const rotate = async (overlap: number) => {
    const next = mintSecret('key', id);
    await parts.keys.rotate(DEFAULT_TENANT, id, { hash: next.hash, previousEndsAt: clock.now() + overlap }, BY);
    await parts.watch.look();
    return next.text;
  };
  const second = await rotate(HOUR);
  expect([await codeOf(text), await codeOf(second)]).toEqual([`key:${id}`, `key:${id}`]);
  expect(await verifier.verify(text)).toMatchObject({ identity: { expiresAt: clock.now() + HOUR } });
  const third = await rotate(HOUR);
  expect([await codeOf(text), await codeOf(second), await codeOf(third)]).toEqual([
    'unauthenticated',
    `key:${id}`,
    `key:${id}`,
  ]);
  clock.advance(HOUR);
  expect([await codeOf(second), await codeOf(third)]).toEqual(['token-expired', `key:${id}`]);
});

test('[AUTH40] a revoked key opens nothing, and what it has opened is worth nothing, once the change is noticed', async () => {
  const { id, text } = await addKey();
  const verification = await verifier.verify(text);
  if (verification.kind !== 'valid') throw new Error(verification.detail);
  let told = 0;
  parts.access.watch(verification.identity, () => (told += 1));
  expect((await parts.access.standingOf(verification.identity)).rights).not.toBeNull();
  await parts.keys.revoke(DEFAULT_TENANT, id, { user: 'grace', at: clock.now() });
  await parts.watch.look();
  expect(told).toBe(1);
  expect(await codeOf(text)).toBe('unauthenticated');
  expect((await parts.access.standingOf(verification.identity)).rights).toBeNull();
});

describe('[AUTH44] links are shown alone, or behind a token or key', () => {
  test('alone they make a guest of their tenant, who has nothing but them', async () => {
    const link = await addLink(other);
    expect(await verifier.verify(link.text)).toMatchObject({
      identity: {
        tenant: 'other',
        user: `link:${link.id}`,
        displayName: 'Guest',
        role: 'none',
        links: [link.id],
        key: null,
      },
    });
  });

  test('behind a token they are added to it', async () => {
    const [one, two] = [await addLink(), await addLink()];
    expect(await verifier.verify(`jwt~${one.text}~${two.text}`)).toMatchObject({
      identity: { user: 'ada', role: 'viewer', links: [one.id, two.id] },
    });
    const key = await addKey();
    expect(await verifier.verify(`${key.text}~${one.text}`)).toMatchObject({
      identity: { user: `key:${key.id}`, links: [one.id] },
    });
    expect(await verifier.verify(`${one.text}~${two.text}`)).toMatchObject({
      identity: { user: `link:${one.id}`, links: [one.id, two.id] },
    });
  });

  test('a link of another tenant, a wrong one, a key in its place, or too many are refused', async () => {
    const [own, foreign, key] = [await addLink(), await addLink(other), await addKey()];
    const refused = [
      `jwt~${foreign.text}`,
      `jwt~${mintSecret('link', own.id).text}`,
      `jwt~${mintSecret('link').text}`,
      `jwt~${key.text}`,
      'jwt~jwt',
      'jwt~',
      `~${own.text}`,
      ['jwt', ...Array.from({ length: 5 }, () => own.text)].join('~'),
      mintSecret('link', own.id).text,
    ];
    for (const text of refused) expect(await codeOf(text)).toBe('unauthenticated');
  });

  test('a link that was taken back grants nothing any more', async () => {
    const link = await addLink();
    const verification = await verifier.verify(link.text);
    if (verification.kind !== 'valid') throw new Error(verification.detail);
    await parts.grants.revoke(DEFAULT_TENANT, subject(`link:${link.id}`), resource('a'), BY);
    await parts.watch.look();
    expect((await parts.access.standingOf(verification.identity)).rights?.granted).toEqual([]);
  });
});
