/** Counts open sockets per network address. */
export interface ConnectionLimit {
  /** Takes a place; false when the address has all it may have. Loopback has no limit: it is the proxy in front. */
  take(address: string): boolean;
  give(address: string): void;
}

export function createConnectionLimit(perAddress: number): ConnectionLimit {
  const open = new Map<string, number>();
  return {
    take(address) {
      const count = open.get(address) ?? 0;
      if (count >= perAddress && !isLoopback(address)) return false;
      open.set(address, count + 1);
      return true;
    },
    give(address) {
      const count = (open.get(address) ?? 1) - 1;
      if (count > 0) open.set(address, count);
      else open.delete(address);
    },
  };
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
