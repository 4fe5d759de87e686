/** What can be wrong for a while, with one node or with all. */
export type FaultKind =
  /** The store answers late. */
  | 'store-slow'
  /** The store does not answer, and breaks off what is under way. */
  | 'store-down'
  /** Answers of the store get lost, and what was asked may still happen later. */
  | 'store-unsure'
  /** Others hold the documents' heads. */
  | 'store-busy'
  /** Objects can be neither written nor read. */
  | 'objects-down'
  /** A part of the relays is lost, doubled or late. */
  | 'relays-lossy'
  /** No relay reaches or leaves the node. */
  | 'relays-cut';

/** The faults of this moment. */
export interface Faults {
  /** Begins one, or makes it last longer. */
  begin(kind: FaultKind, node: string, milliseconds: number): void;
  has(kind: FaultKind, node: string): boolean;
  /** Whether chance may do harm at all; false once everything has healed. */
  readonly possible: boolean;
  /** Ends all faults for good. */
  heal(): void;
}

/** Names all nodes. */
export const EVERYWHERE = 'everywhere';

export function createFaults(now: () => number): Faults {
  const until = new Map<string, number>();
  let possible = true;
  const isOn = (kind: FaultKind, node: string): boolean => (until.get(`${kind} ${node}`) ?? 0) > now();
  return {
    begin: (kind, node, milliseconds) => {
      const key = `${kind} ${node}`;
      until.set(key, Math.max(until.get(key) ?? 0, now() + milliseconds));
    },
    has: (kind, node) => possible && (isOn(kind, node) || isOn(kind, EVERYWHERE)),
    get possible() {
      return possible;
    },
    heal: () => void (possible = false),
  };
}
