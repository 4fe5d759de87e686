/**
 * The order in which one session's frames are answered. The stock provider only counts answers, so each Update frame
 * gets exactly one, in the order of arrival, and a positive one never overtakes what must be durable before it.
 *
 * An entry waits for the room's durable position to reach `after`, for a gap to be filled (`held`), and, at the start
 * of a session, for the first round of synchronisation: a returning client counts its whole backlog as one change,
 * so nothing is confirmed before all that it brought is durable.
 */
export interface AckEntry {
  /** Position in the room's order that must be durable first; `null` while the frame is held back for a gap. */
  after: number | null;
  saved: boolean;
  /** Monotonic milliseconds of arrival, for the latency metric. */
  readonly arrivedAt: number;
  /** Given instead of an acknowledgement, where the entry stands for a question about what came before it. */
  readonly reply?: () => void;
}

export interface AckLedger {
  /** Adds an answer to be given; returns the entry, so that a held one can be resolved later. */
  push(entry: AckEntry): AckEntry;
  /** Keeps every answer back until `openGate`. */
  closeGate(): void;
  /** Ends that; what was kept back now waits for this position, whatever it waited for before. */
  openGate(position: number): void;
  /** Removes and returns, in order, the answers that may be given now. */
  release(durable: number): readonly AckEntry[];
  /** Whether any answer is still owed. */
  readonly waiting: boolean;
  /** How many are. */
  readonly size: number;
}

const NONE: readonly AckEntry[] = [];

export function createAckLedger(): AckLedger {
  return new OrderedLedger();
}

/** A class, like all that exists per session: an object literal with an accessor has a hidden class of its own each time. */
class OrderedLedger implements AckLedger {
  readonly #entries: AckEntry[] = [];
  #gateOpen = true;

  push(entry: AckEntry): AckEntry {
    this.#entries.push(entry);
    return entry;
  }

  closeGate(): void {
    this.#gateOpen = false;
  }

  openGate(position: number): void {
    this.#gateOpen = true;
    for (const entry of this.#entries) if (entry.after !== null) entry.after = Math.max(entry.after, position);
  }

  release(durable: number): readonly AckEntry[] {
    if (!this.#gateOpen) return NONE;
    let ready = 0;
    for (const entry of this.#entries) {
      if (entry.after === null || entry.after > durable) break;
      ready += 1;
    }
    return ready === 0 ? NONE : this.#entries.splice(0, ready);
  }

  get waiting(): boolean {
    return this.#entries.length > 0;
  }

  get size(): number {
    return this.#entries.length;
  }
}
