import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a secret opens: the server as a machine, or what a link was given. */
export type SecretKind = 'key' | 'link';

/** A secret that was just made. Its text is shown once; only the hash is kept. */
export interface MintedSecret {
  readonly id: string;
  readonly text: string;
  readonly hash: string;
}

/** A text that has the form of a secret; whether it is one, its hash tells. */
export interface ReadSecret {
  readonly kind: SecretKind;
  readonly id: string;
  readonly hash: string;
}

/** Told at a glance, by people and by programs that look for secrets in what is about to be published. */
const PREFIXES: Readonly<Record<SecretKind, string>> = { key: 'sckey', link: 'sclink' };
const PATTERN = /^sc(key|link)_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const ID_BYTES = 8;
const SECRET_BYTES = 32;

/** Makes a secret of 256 random bits, for a new id or for the one given. */
export function mintSecret(kind: SecretKind, id: string = randomBytes(ID_BYTES).toString('hex')): MintedSecret {
  const text = `${PREFIXES[kind]}_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, text, hash: hashSecret(text) };
}

/** Reads a text as a secret; `null` when it has not the form of one. */
export function readSecret(text: string): ReadSecret | null {
  const match = PATTERN.exec(text);
  const id = match?.[2];
  if (id === undefined) return null;
  return { kind: match?.[1] === 'key' ? 'key' : 'link', id, hash: hashSecret(text) };
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export function isSameHash(one: string, other: string | null): boolean {
  return other !== null && one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** One round of SHA-256 is enough where the secret is random: there are no likely ones to try first. */
function hashSecret(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
