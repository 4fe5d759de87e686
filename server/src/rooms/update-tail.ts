const FIRST_CAPACITY = 512;

/**
 * Updates one behind the other in one buffer. A busy document keeps hundreds of some thirty bytes each, and as many
 * arrays would cost several times their content and be work for every garbage collection.
 */
export class UpdateTail {
  #buffer = new Uint8Array(0);
  /** Offset behind each update. */
  readonly #ends: number[] = [];
  #bytes = 0;

  get count(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(update: Uint8Array): void {
    const end = this.#bytes + update.byteLength;
    if (end > this.#buffer.byteLength) this.#grow(end);
    this.#buffer.set(update, this.#bytes);
    this.#ends.push(end);
    this.#bytes = end;
  }

  /** The updates in order, as views that stay as they are whatever is pushed later. */
  updates(): readonly Uint8Array[] {
    return this.#ends.map((end, index) => this.#buffer.subarray(this.#ends[index - 1] ?? 0, end));
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(FIRST_CAPACITY, needed, this.#buffer.byteLength * 2));
    grown.set(this.#buffer.subarray(0, this.#bytes));
    this.#buffer = grown;
  }
}
