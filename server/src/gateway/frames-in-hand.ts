import type { OutputShare } from './output-pool.ts';

/** Settled entries that are kept until the list is copied. */
const MANY = 1_000;

/** Frames that the network was handed and has not taken yet, in order; they are in memory until it has. */
export class FramesInHand {
  readonly #share: OutputShare;
  #frames: { readonly frame: Uint8Array; readonly end: number }[] = [];
  #next = 0;

  constructor(share: OutputShare) {
    this.#share = share;
  }

  /** Takes over a held frame. `end` says how many bytes were handed over ever, with this one. */
  add(frame: Uint8Array, end: number): void {
    this.#frames.push({ frame, end });
  }

  /** Releases what ends within the bytes that were taken ever. */
  settle(taken: number): void {
    let first = this.#frames[this.#next];
    while (first !== undefined && first.end <= taken) {
      this.#share.release(first.frame);
      this.#next += 1;
      first = this.#frames[this.#next];
    }
    if (this.#next === 0) return;
    if (this.#next < this.#frames.length && this.#next < MANY) return;
    this.#frames = this.#frames.slice(this.#next);
    this.#next = 0;
  }
}
