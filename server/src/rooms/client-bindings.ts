import type { ClientBinding } from '../ports/update-log.ts';

/** Whose clientIDs are, in one document, and what of that the log does not have yet. */
export class ClientBindings {
  readonly #owners: Map<number, string>;
  #fresh: ClientBinding[] = [];

  constructor(known: ReadonlyMap<number, string>) {
    this.#owners = new Map(known);
  }

  /** Whether the log has all of them. */
  get settled(): boolean {
    return this.#fresh.length === 0;
  }

  ownerOf(client: number): string | undefined {
    return this.#owners.get(client);
  }

  /** The user a clientID is bound to from now on, the first who writes or announces it; whether that is new. */
  bind(client: number, user: string): { readonly owner: string; readonly fresh: boolean } {
    const bound = this.#owners.get(client);
    if (bound !== undefined) return { owner: bound, fresh: false };
    this.#owners.set(client, user);
    this.#fresh.push({ client, user });
    return { owner: user, fresh: true };
  }

  /** Takes what is to be stored. */
  take(): readonly ClientBinding[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Puts back what was not stored. */
  giveBack(bindings: readonly ClientBinding[]): void {
    this.#fresh.unshift(...bindings);
  }
}
