import type { ErrorCode } from '@scriptorium/shared/error-codes';

/** A range of milliseconds, for something that many do and should not do at once. */
export interface DelayRange {
  readonly from: number;
  readonly to: number;
}

/** Sockets that may be closed in one moment: what the other nodes take without noticing. */
const AT_ONCE = 50;
/** Milliseconds that each socket beyond those adds, where it is closed and where it comes back. */
const PER_SOCKET = 2;
const LONGEST_SPREAD = 3_000;
/** Part of the time of a stop that closing may take; committing needs the rest. */
const SHARE_OF_STOP = 1 / 3;
/** People wait for it, so it is short even where very many return. */
const LONGEST_RETURN = 4_000;

/** Over how many milliseconds a node that stops closes its sockets, so that not all of them arrive elsewhere at once. */
export function planDepartureSpread(sockets: number, milliseconds: number): number {
  const wanted = Math.max(0, sockets - AT_ONCE) * PER_SOCKET;
  return Math.min(wanted, LONGEST_SPREAD, milliseconds * SHARE_OF_STOP);
}

/** When a client does well to come back after its socket ended with this code, by how many are sent away with it. */
export function planReturn(code: ErrorCode, sockets: number): DelayRange {
  switch (code) {
    case 'overloaded':
    case 'storage-unavailable':
      // What is full or away is so for a while, and coming back is work that it has to do besides.
      return { from: 500, to: LONGEST_RETURN };
    default:
      return { from: 200, to: Math.min(LONGEST_RETURN, 1_000 + sockets * PER_SOCKET) };
  }
}
