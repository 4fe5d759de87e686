/**
 * Bytes on their way to many sessions. Each encoding of them (a session's dialect and address) is made once and shared,
 * so a broadcast costs one buffer per distinct address, not one per session.
 */
export interface Outbound {
  readonly kind: 'update' | 'awareness' | 'stateless';
  /** A Yjs V1 update, a y-protocols awareness update, or the text of a message. */
  readonly bytes: Uint8Array;
  readonly frames: SharedFrames;
}

/** Encoded frames by the key of the session's encoding. Nearly always there is one key, which takes no map. */
class SharedFrames {
  #key = '';
  #frame: Uint8Array | undefined;
  #others: Map<string, Uint8Array> | null = null;

  get(key: string): Uint8Array | undefined {
    return key === this.#key ? this.#frame : this.#others?.get(key);
  }

  set(key: string, frame: Uint8Array): void {
    if (this.#frame === undefined || key === this.#key) {
      this.#key = key;
      this.#frame = frame;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(key, frame);
  }
}

export function outboundUpdate(bytes: Uint8Array): Outbound {
  return { kind: 'update', bytes, frames: new SharedFrames() };
}

export function outboundAwareness(bytes: Uint8Array): Outbound {
  return { kind: 'awareness', bytes, frames: new SharedFrames() };
}

export function outboundStateless(payload: string): Outbound {
  return { kind: 'stateless', bytes: new TextEncoder().encode(payload), frames: new SharedFrames() };
}
