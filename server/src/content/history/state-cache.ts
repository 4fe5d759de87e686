import type { DocumentId } from '../../ports/update-log.ts';

interface CachedState {
  readonly document: DocumentId;
  readonly epoch: number;
  readonly seq: number;
  readonly state: Uint8Array;
}

/** States of documents at rows of their past, up to so many bytes; the one that was used longest ago goes first. */
export class StateCache {
  readonly #bytesMax: number;
  /** In order of use. */
  readonly #entries = new Set<CachedState>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The nearest state at or below a row of one incarnation: what is archived under a number never changes. */
  findBelow(document: DocumentId, epoch: number, seq: number): CachedState | null {
    let best: CachedState | null = null;
    for (const entry of this.#entries) {
      if (entry.document !== document || entry.epoch !== epoch || entry.seq > seq) continue;
      if (best === null || entry.seq > best.seq) best = entry;
    }
    if (best === null) return null;
    this.#entries.delete(best);
    this.#entries.add(best);
    return best;
  }

  add(entry: CachedState): void {
    if (entry.state.byteLength > this.#bytesMax / 4) return;
    this.#entries.add(entry);
    this.#bytes += entry.state.byteLength;
    for (const oldest of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#entries.delete(oldest);
      this.#bytes -= oldest.state.byteLength;
    }
  }
}
