/** What was used last, up to so many bytes together. */
export interface ByteCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, bytes: number): void;
  /** Lets go of the values that the question is true of; says how many those were. */
  removeWhere(isGone: (value: Value) => boolean): number;
}

/** Makes a cache for so many bytes; what was not used for the longest time goes first, and what is too large does not come in. */
export function createByteCache<Value>(maxBytes: number): ByteCache<Value> {
  const entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  let held = 0;
  const remove = (key: string): void => {
    held -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      remove(key);
      // One that takes the place of many is worth less than they are.
      if (bytes > maxBytes / 4) return;
      entries.set(key, { value, bytes });
      held += bytes;
      for (const oldest of entries.keys()) {
        if (held <= maxBytes) return;
        remove(oldest);
      }
    },
    removeWhere(isGone) {
      const gone = [...entries].filter(([, { value }]) => isGone(value));
      for (const [key] of gone) remove(key);
      return gone.length;
    },
  };
}
