type Listener<T extends unknown[]> = (...args: T) => void;

/** Listeners by event name. */
export class Emitter<Events extends { readonly [event: string]: unknown[] }> {
  #listeners: { [E in keyof Events]?: Set<Listener<Events[E]>> } = {};

  /** Returns a function that ends the listening. */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): () => void {
    const listeners = (this.#listeners[event] ??= new Set());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    for (const listener of this.#listeners[event] ?? []) listener(...args);
  }

  /** Ends all listening. */
  clear(): void {
    this.#listeners = {};
  }
}
