import type { Identity } from '../../ports/token-verifier.ts';

/** Identities of tokens that were verified. */
export interface IdentityCache {
  get(key: string): Identity | undefined;
  set(key: string, identity: Identity): void;
}

/** Keyed by the token's SHA-256, so that no token stays in memory; the least recently used one goes first. */
export function createIdentityCache(capacity: number): IdentityCache {
  const entries = new Map<string, Identity>();
  return {
    get(key) {
      const identity = entries.get(key);
      if (identity === undefined) return undefined;
      entries.delete(key);
      entries.set(key, identity);
      return identity;
    },
    set(key, identity) {
      const oldest = entries.size >= capacity ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
      entries.set(key, identity);
    },
  };
}
