import type { ApiKey, ApiKeySecrets, ApiKeyStore } from '../ports/api-key-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Identity, Verification } from '../ports/token-verifier.ts';
import { createPromiseCache } from './promise-cache.ts';
import { isSameHash, type ReadSecret } from './secret-text.ts';

/** Machines' keys as a node knows them: read once, forgotten when one changes. */
export interface KeyRing {
  /** Who the key speaks for. Throws `storage-unavailable`. */
  verify(secret: ReadSecret): Promise<Verification>;
  /** Whether the key that an identity came with is good still. */
  isGood(key: NonNullable<Identity['key']>): Promise<boolean>;
  /** Forgets what is known of a key, or of all. */
  drop(id: string): void;
  clear(): void;
  /** Writes down when keys were used, as far as that is due. */
  flushUse(): Promise<void>;
}

export interface KeyRingDeps {
  readonly keys: ApiKeyStore;
  readonly clock: Clock;
  readonly log: Logger;
}

type Known = { readonly key: ApiKey; readonly secrets: ApiKeySecrets } | null;

const CAPACITY = 10_000;
/** A key's use is written down at most that often. */
const USE_INTERVAL = 60_000;

export function createKeyRing({ keys, clock, log }: KeyRingDeps): KeyRing {
  const known = createPromiseCache<Known>(CAPACITY);
  const used = new Map<string, number>();
  const written = new Map<string, number>();

  const find = (id: string): Promise<Known> => known.get(id, () => keys.find(id));

  function noteUse(id: string): void {
    const now = clock.now();
    if (now - (written.get(id) ?? -Infinity) < USE_INTERVAL) return;
    written.set(id, now);
    used.set(id, now);
  }

  return {
    async verify({ id, hash }) {
      const found = await find(id);
      const end = found === null ? null : endOf(found, hash);
      // One answer for an unknown id and a wrong secret, which tells a guesser nothing.
      if (found === null || end === null) return invalid('unauthenticated', 'there is no such key');
      if (end <= clock.now()) return invalid('token-expired', 'the key has expired');
      noteUse(id);
      return { kind: 'valid', identity: toIdentity(found.key, { id, secretHash: hash }, end) };
    },
    async isGood({ id, secretHash }) {
      const found = await find(id);
      const end = found === null ? null : endOf(found, secretHash);
      return end !== null && end > clock.now();
    },
    drop: (id) => {
      known.drop(id);
    },
    clear: () => {
      known.clear();
    },
    async flushUse() {
      if (used.size === 0) return;
      const uses = new Map(used);
      used.clear();
      try {
        await keys.noteUse(uses);
      } catch (error) {
        // The next use after a minute is written down again.
        log.warn('key_use_failed', { keys: uses.size }, error);
      }
      for (const [id, at] of written) if (clock.now() - at > USE_INTERVAL) written.delete(id);
    },
  };
}

function invalid(code: 'unauthenticated' | 'token-expired', detail: string): Verification {
  return { kind: 'invalid', code, detail };
}

/** When the secret ends, infinite for never; `null` when it is none of the key's, or the key was revoked. */
function endOf({ key, secrets }: NonNullable<Known>, hash: string): number | null {
  if (key.revokedAt !== null) return null;
  const end = key.expiresAt ?? Infinity;
  if (isSameHash(hash, secrets.current)) return end;
  return isSameHash(hash, secrets.previous) ? Math.min(end, key.previousEndsAt ?? 0) : null;
}

function toIdentity(key: ApiKey, shown: NonNullable<Identity['key']>, expiresAt: number): Identity {
  return {
    tenant: key.tenant,
    user: `key:${key.id}`,
    displayName: key.label,
    issuedAt: key.createdAt,
    expiresAt,
    role: key.role,
    documents: key.documents,
    groups: [],
    links: [],
    key: shown,
    abilities: key.abilities,
  };
}
