import { parseAddress } from '../core/address.ts';

/** What one socket may have open. */
export interface SlotLimits {
  readonly maxDocuments: number;
  /** Sessions of one document. */
  readonly maxSessions: number;
}

/** Why a socket with these sessions, by address, can take none more at an address; `null` when it can. */
export function findFull(
  slots: ReadonlyMap<string, { readonly kind: string; readonly leaving?: boolean }>,
  address: string,
  { maxDocuments, maxSessions }: SlotLimits,
): string | null {
  if (slots.size >= maxDocuments) return 'too many documents on one connection';
  const name = parseAddress(address)?.name;
  let sessions = 0;
  for (const [other, slot] of slots) {
    if (slot.leaving !== true && parseAddress(other)?.name === name) sessions += 1;
  }
  return sessions >= maxSessions ? 'too many sessions of one document on one connection' : null;
}
