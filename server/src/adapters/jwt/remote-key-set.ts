import { importJWK, type CryptoKey, type JWK } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { fetchKeySet } from './fetch-key-set.ts';

export interface RemoteKeySetDeps {
  /** Address of the key set: https, or http on this machine. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a token's header asks for. */
export interface WantedKey {
  readonly alg: KeyAlgorithm;
  readonly kid: string | undefined;
}

export type KeyLookup =
  /** `version` is that of the keys it was among. */
  | { readonly kind: 'found'; readonly key: CryptoKey; readonly version: number }
  /** There is no such key, as far as anybody can tell. */
  | { readonly kind: 'unknown' }
  /** There may be one, but the set cannot be had at present. */
  | { readonly kind: 'unavailable' };

/** The keys of somebody who signs tokens elsewhere, fetched when they are needed and kept within bounds. */
export interface RemoteKeySet {
  find(wanted: WantedKey): Promise<KeyLookup>;
  /** Number of the keys in use, which rises when they change; `null` when there are none fresh enough. Has them refreshed when due. */
  current(): number | null;
}

/** Algorithms that are taken, with the kind of key and the curve that each needs. */
const ALGORITHMS = {
  RS256: { kty: 'RSA', crv: undefined },
  ES256: { kty: 'EC', crv: 'P-256' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
} as const;

export type KeyAlgorithm = keyof typeof ALGORITHMS;

/** Names of the algorithms that are taken. */
export const KEY_ALGORITHMS = Object.keys(ALGORITHMS) as readonly KeyAlgorithm[];

/** Milliseconds after which keys are fetched anew, while the old ones are in use. */
const MAX_AGE = 5 * 60_000;
/** Milliseconds for which keys are used while no new ones can be had. */
const MAX_STALE = 60 * 60_000;
/** Milliseconds between two attempts, whatever tokens ask for. */
const COOL_DOWN = 10_000;

/** Creates the key set; nothing is fetched before the first token asks. */
export function createRemoteKeySet(deps: RemoteKeySetDeps): RemoteKeySet {
  return new FetchedKeySet(deps);
}

class FetchedKeySet implements RemoteKeySet {
  readonly #deps: RemoteKeySetDeps;
  #keys: readonly JWK[] = [];
  #imported = new Map<string, Promise<CryptoKey>>();
  #text = '';
  #version = 0;
  /** Monotonic milliseconds. */
  #fetchedAt = -Infinity;
  #attemptedAt = -Infinity;
  #failed = false;
  /** One fetch at a time, shared by all who wait for it. */
  #fetching: Promise<void> | null = null;

  constructor(deps: RemoteKeySetDeps) {
    this.#deps = deps;
  }

  async find(wanted: WantedKey): Promise<KeyLookup> {
    if (this.current() === null) await this.#refresh();
    if (this.current() === null) return { kind: 'unavailable' };
    const known = await this.#pick(wanted);
    if (known !== null) return known;
    // Perhaps a key that was made since.
    await this.#refresh();
    return (await this.#pick(wanted)) ?? { kind: this.#failed ? 'unavailable' : 'unknown' };
  }

  current(): number | null {
    const age = this.#deps.clock.monotonic() - this.#fetchedAt;
    if (age > MAX_AGE) this.#refresh().catch(() => undefined);
    return age > MAX_STALE ? null : this.#version;
  }

  /** Fetches the keys, unless that was tried a moment ago. Never fails: without new keys the old ones stay. */
  #refresh(): Promise<void> {
    if (this.#fetching !== null) return this.#fetching;
    const { clock } = this.#deps;
    if (clock.monotonic() - this.#attemptedAt < COOL_DOWN) return Promise.resolve();
    this.#attemptedAt = clock.monotonic();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { clock, log, url } = this.#deps;
    try {
      this.#take(await fetchKeySet(this.#deps));
      this.#fetchedAt = clock.monotonic();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      log.warn('key_set_unavailable', { url }, error);
    }
  }

  #take(keys: readonly JWK[]): void {
    const text = JSON.stringify(keys);
    if (text === this.#text && this.#version > 0) return;
    this.#text = text;
    this.#keys = keys;
    this.#imported = new Map();
    this.#version += 1;
    this.#deps.log.info('key_set_changed', { keys: keys.length });
  }

  /** The one key that fits; several would leave it to chance which. */
  async #pick({ alg, kid }: WantedKey): Promise<KeyLookup | null> {
    const version = this.#version;
    const fitting = this.#keys.filter((key) => fits(key, alg) && (kid === undefined || key.kid === kid));
    const [key] = fitting;
    if (key === undefined || fitting.length > 1) return null;
    const name = `${alg} ${this.#keys.indexOf(key)}`;
    const imported = this.#imported.get(name) ?? importPublicKey(key, alg);
    this.#imported.set(name, imported);
    try {
      return { kind: 'found', key: await imported, version };
    } catch (error) {
      this.#deps.log.warn('key_unusable', { kid: kid ?? null }, error);
      return null;
    }
  }
}

function fits(key: JWK, alg: KeyAlgorithm): boolean {
  const { kty, crv } = ALGORITHMS[alg];
  return (
    key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || key.alg === alg) &&
    (key.use === undefined || key.use === 'sig') &&
    (key.key_ops === undefined || key.key_ops.includes('verify'))
  );
}

/** Public members only: a set that leaks a private key is no reason to hold it. */
async function importPublicKey({ kty, crv, n, e, x, y }: JWK, alg: KeyAlgorithm): Promise<CryptoKey> {
  const members = Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined);
  const key = await importJWK(Object.fromEntries(members) as JWK, alg);
  if (key instanceof Uint8Array) throw new Error('not a public key');
  return key;
}
