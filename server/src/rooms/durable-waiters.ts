/** Who waits for a room's updates to be in the log; however many wait for one position, they share one promise. */
export class DurableWaiters {
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();

  /** Resolves when `wakeUpTo` gets as far as this position. */
  wait(position: number): Promise<void> {
    const waiter = this.#waiting.get(position) ?? Promise.withResolvers<void>();
    this.#waiting.set(position, waiter);
    return waiter.promise;
  }

  /** Wakes everybody who waits for this position or an earlier one. */
  wakeUpTo(durable: number): void {
    for (const [position, waiter] of this.#waiting) {
      if (position > durable) continue;
      this.#waiting.delete(position);
      waiter.resolve();
    }
  }
}
