import { expect, test } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { parseTokenClaims } from '../../core/token-claims.ts';
import { createDevelopmentIssuer } from './development-issuer.ts';
import { createJwtVerifier } from './jwt-verifier.ts';

const WEEK = 7 * 24 * 60 * 60 * 1000;

function build() {
  const clock = createFakeClock({ now: 1_700_000_000_000 });
  const secret = new Uint8Array(32).fill(7);
  const verifier = createJwtVerifier({ secret, issuer: null, audience: null, clock, parseClaims: parseTokenClaims });
  return { clock, verifier, issuer: createDevelopmentIssuer({ secret, clock }) };
}

test('[AUTH10] a development token makes its bearer an owner in the default tenant for seven days', async () => {
  const { clock, verifier, issuer } = build();
  const issued = await issuer.issue({ name: 'Ada Lovelace' });
  expect(issued).toMatchObject({ displayName: 'Ada Lovelace', expiresAt: clock.now() + WEEK });
  expect(await verifier.verify(issued.token)).toMatchObject({
    kind: 'valid',
    identity: {
      user: issued.user,
      displayName: 'Ada Lovelace',
      tenant: 'default',
      role: 'owner',
      expiresAt: issued.expiresAt,
    },
  });
  clock.advance(WEEK);
  expect(await verifier.verify(issued.token)).toMatchObject({ code: 'token-expired' });
});

test('[AUTH11] the same name is the same person, however it is spaced and cased; another name is another', async () => {
  const { issuer } = build();
  const userOf = async (name: string) => (await issuer.issue({ name })).user;
  expect(await userOf('ada  LOVELACE ')).toBe(await userOf('Ada Lovelace'));
  expect(await userOf('Ada Lovelace')).toMatch(/^ada-lovelace-[0-9a-f]{8}$/);
  expect(await userOf('Zoë')).toMatch(/^zoe-/);
  expect(await userOf('李')).toMatch(/^user-/);
  const users = await Promise.all(['Ada', 'Ada!', '李', '王', 'Zoë', 'Zoe'].map(userOf));
  expect(new Set(users).size).toBe(6);
});
