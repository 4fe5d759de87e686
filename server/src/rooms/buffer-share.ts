import type { UpdateWriter } from './update-writer.ts';

/** What an update that waits costs besides its bytes: its objects here, and the answer that its sender is owed. */
const UPDATE_OVERHEAD = 256;

/** One room's share of the node's buffer for what waits for the log. */
export class BufferShare {
  readonly #writer: Pick<UpdateWriter, 'reserve' | 'free'>;
  #bytes = 0;

  constructor(writer: Pick<UpdateWriter, 'reserve' | 'free'>) {
    this.#writer = writer;
  }

  /** Takes place for an update of so many bytes; false when the node is full. */
  reserve(bytes: number): boolean {
    if (!this.#writer.reserve(bytes + UPDATE_OVERHEAD)) return false;
    this.#bytes += bytes + UPDATE_OVERHEAD;
    return true;
  }

  /** Gives back the place of so many updates with so many bytes together. */
  free(bytes: number, updates: number): void {
    const freed = bytes + updates * UPDATE_OVERHEAD;
    this.#bytes -= freed;
    this.#writer.free(freed);
  }

  /** Gives back all of it. */
  freeAll(): void {
    this.#writer.free(this.#bytes);
    this.#bytes = 0;
  }
}
