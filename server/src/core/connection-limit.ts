/** Counts open connections by who they belong to: a network address, a tenant. */
export interface ConnectionLimit {
  /** Takes a place; false when all that there may be are taken. */
  take(owner: string): boolean;
  give(owner: string): void;
}

/** `most` for each owner, without end where it is infinite; who is exempt takes places without a limit. */
export function createConnectionLimit(
  most: number,
  isExempt: (owner: string) => boolean = () => false,
): ConnectionLimit {
  const open = new Map<string, number>();
  return {
    take(owner) {
      const count = open.get(owner) ?? 0;
      if (count >= most && !isExempt(owner)) return false;
      open.set(owner, count + 1);
      return true;
    },
    give(owner) {
      const count = (open.get(owner) ?? 1) - 1;
      if (count > 0) open.set(owner, count);
      else open.delete(owner);
    },
  };
}

/** Whether an address is this machine's own; limits of addresses exempt it: it is the proxy in front. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
