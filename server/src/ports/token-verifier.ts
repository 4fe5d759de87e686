import type { Tenant } from '@scriptorium/shared/document-name';
import type { Role } from '@scriptorium/shared/roles';

/** Who a verified token speaks for, and what it grants. */
export interface Identity {
  readonly tenant: Tenant;
  /** Claim `sub`: stable identity of the user. */
  readonly user: string;
  /** Claim `name`: what others see; the user's identity when absent. */
  readonly displayName: string;
  /** Wall-clock milliseconds at which the token ends. */
  readonly expiresAt: number;
  /** Claim `role`: tenant-wide role; `none` when absent. */
  readonly role: Role;
  /** Claim `documents`: name or prefix pattern to role. */
  readonly documents: ReadonlyMap<string, Role>;
}

export type Verification =
  | { readonly kind: 'valid'; readonly identity: Identity }
  | { readonly kind: 'invalid'; readonly code: 'unauthenticated' | 'token-expired'; readonly detail: string };

/** Checks signature, time and claims. Never throws for a bad token. */
export interface TokenVerifier {
  verify(token: string): Promise<Verification>;
}
