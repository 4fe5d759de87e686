import * as decoding from 'lib0/decoding';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { decodeFrame } from '../../support/frames.ts';
import { type HocuspocusClient, openHocuspocus } from '../../support/hocuspocus-client.ts';
import type { Edit, History } from './history.ts';

const ROOT_NAME = 'markers';

/** Somebody with an unmodified provider who types markers into one document, whatever happens to the servers. */
export class ChaosWriter {
  readonly document: string;
  readonly client: HocuspocusClient;
  readonly #history: History;
  readonly #name: string;
  /** Frames of this connection that await an answer, each with the edits that the answer stands for. */
  #awaiting: (readonly Edit[])[] = [];
  readonly #open = new Set<Edit>();
  #count = 0;

  constructor(options: {
    readonly url: string;
    readonly document: string;
    readonly name: string;
    readonly token: string;
    readonly history: History;
  }) {
    this.document = options.document;
    this.#name = options.name;
    this.#history = options.history;
    this.client = openHocuspocus(options);
    this.#tap();
  }

  /** Types one marker at the end of the text. */
  type(): void {
    this.#count += 1;
    const marker = `${this.#name}.${this.#count}`;
    this.#open.add(this.#history.typed(this.document, marker));
    const text = this.client.doc.getText(ROOT_NAME);
    text.insert(text.length, `${marker} `);
  }

  get text(): string {
    return this.client.doc.getText(ROOT_NAME).toString();
  }

  /** Markers that nobody has acknowledged yet. */
  get unacknowledged(): number {
    return this.#open.size;
  }

  #tap(): void {
    const { provider, socket } = this.client;
    const send = socket.send.bind(socket);
    // A frame that cannot go out yet is queued, and comes through here again.
    const editOf = new WeakMap<Uint8Array, readonly Edit[]>();
    socket.send = (message: unknown) => {
      send(message);
      if (!(message instanceof Uint8Array)) return;
      const subType = readSyncType(message);
      if (subType === SYNC_TYPE.update && !editOf.has(message)) editOf.set(message, [...this.#open].slice(-1));
      if (socket.webSocket?.readyState !== WebSocket.OPEN) return;
      // An Update frame holds the edit that was the last one when it was made, a SyncStep2 all that the server lacks.
      if (subType === SYNC_TYPE.step2) this.#awaiting.push([...this.#open]);
      if (subType === SYNC_TYPE.update) this.#awaiting.push(editOf.get(message) ?? []);
    };
    socket.on('close', () => {
      this.#awaiting = [];
    });
    provider.on('message', ({ event }: { event: { data: ArrayBuffer } }) => {
      const frame = decodeFrame(new Uint8Array(event.data));
      if (frame.kind !== 'sync-status') return;
      const edits = this.#awaiting.shift() ?? [];
      if (!frame.applied) throw new Error(`an edit was refused: ${edits.map((edit) => edit.marker).join(', ')}`);
      for (const edit of edits) {
        edit.acknowledgedAt ??= performance.now();
        this.#open.delete(edit);
      }
    });
  }
}

function readSyncType(bytes: Uint8Array): number | null {
  // A ping or pong of the socket has no address.
  if (bytes.length === 1) return null;
  const decoder = decoding.createDecoder(bytes);
  decoding.readVarString(decoder);
  return decoding.readVarUint(decoder) === FRAME_TYPE.sync ? decoding.readVarUint(decoder) : null;
}
