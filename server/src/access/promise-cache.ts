/**
 * Remembers answers by key from the moment they are asked for. Whoever drops a key gets a fresh answer with the next
 * question, also when an answer was on its way, since what that is about may be older than the reason for dropping it.
 */
export interface PromiseCache<Value> {
  /** The remembered answer, or one that `load` gives; an answer that fails, or is `null`, is not kept. */
  get(key: string, load: () => Promise<Value>): Promise<Value>;
  has(key: string): boolean;
  drop(key: string): void;
  clear(): void;
}

/** Makes a cache for so many answers; the least recently used one goes first. */
export function createPromiseCache<Value>(capacity: number): PromiseCache<Value> {
  const entries = new Map<string, Promise<Value>>();

  function forget(key: string, answer: Promise<Value>): void {
    if (entries.get(key) === answer) entries.delete(key);
  }

  return {
    get(key, load) {
      const known = entries.get(key);
      if (known !== undefined) {
        entries.delete(key);
        entries.set(key, known);
        return known;
      }
      const oldest = entries.size >= capacity ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
      const answer = load();
      entries.set(key, answer);
      answer.then(
        (value) => {
          if (value === null) forget(key, answer);
        },
        () => {
          forget(key, answer);
        },
      );
      return answer;
    },
    has: (key) => entries.has(key),
    drop: (key) => void entries.delete(key),
    clear: () => {
      entries.clear();
    },
  };
}
