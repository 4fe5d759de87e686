import type { Tenant } from '@scriptorium/shared/document-name';
import type { Ability, Role } from '@scriptorium/shared/roles';

/** Who a verified credential (a token, a machine's key, a link) speaks for, and what it grants by itself. */
export interface Identity {
  readonly tenant: Tenant;
  /** Claim `sub`: stable identity of the user; `key:…` for a machine's key, `link:…` for somebody with no more than a link. */
  readonly user: string;
  /** Claim `name`: what others see; the user's identity when absent. */
  readonly displayName: string;
  /** Wall-clock milliseconds at which the token was issued; 0 when it does not say. */
  readonly issuedAt: number;
  /** Wall-clock milliseconds at which the credential ends here; infinite for a key without an end. */
  readonly expiresAt: number;
  /** Claim `role`: tenant-wide role; `none` when absent. */
  readonly role: Role;
  /** Claim `documents`: name or prefix pattern to role. */
  readonly documents: ReadonlyMap<string, Role>;
  /** Claim `groups`, to which stored grants may be given. */
  readonly groups: readonly string[];
  /** Ids of the links whose secrets were shown. */
  readonly links: readonly string[];
  /** The machine's key, and the hash of the secret that was shown; `null` for people. */
  readonly key: { readonly id: string; readonly secretHash: string } | null;
  /** What a key may do for the tenant besides its role. */
  readonly abilities: readonly Ability[];
}

export type Verification =
  | { readonly kind: 'valid'; readonly identity: Identity }
  | {
      readonly kind: 'invalid';
      /** `identity-unavailable`: the token may be fine, but what it is checked with cannot be had at present. */
      readonly code: 'unauthenticated' | 'token-expired' | 'identity-unavailable';
      readonly detail: string;
    };

/** Checks signature, time and claims. Never throws for a bad token; throws `storage-unavailable` when a store is asked in vain. */
export interface TokenVerifier {
  verify(token: string): Promise<Verification>;
}
