/** A token that was just signed. */
export interface IssuedToken {
  readonly token: string;
  /** Claim `sub`; the same for the same name. */
  readonly user: string;
  readonly displayName: string;
  /** Wall-clock milliseconds. */
  readonly expiresAt: number;
}

/** Signs people in by name alone; exists only in development mode on a loopback host. */
export interface TokenIssuer {
  issue(request: { readonly name: string }): Promise<IssuedToken>;
}
