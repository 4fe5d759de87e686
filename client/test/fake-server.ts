import { AUTH_TYPE, FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import type { ServerMessage } from '@scriptorium/shared/stateless-messages';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';

type Handler = (event: { readonly data?: ArrayBuffer; readonly code?: number }) => void;

/** The server's end of the protocol over a document in memory. The test decides when something is durable. */
export class FakeServer {
  document = new Doc();
  epoch = 1;
  scope: 'read-write' | 'readonly' = 'read-write';
  /** Code of the refusal at the next login. */
  deny: string | null = null;
  /** Whether connections are accepted. */
  up = true;
  /** Whether probes are answered; those that wait are answered when it turns true. */
  durable = true;
  /** Whether updates are acknowledged and forgotten, as a server with a fault would. */
  forgets = false;
  /** Looks at an update before it is applied; a message instead of `null` refuses it. */
  gate: (update: Uint8Array) => ServerMessage | null = () => null;
  readonly tokens: string[] = [];
  updates = 0;
  syncs = 0;
  readonly #sockets = new Set<FakeSocket>();
  #waiting: (() => void)[] = [];

  /** The class to use as the page's WebSocket. */
  get webSocket(): typeof WebSocket {
    const accept = (socket: FakeSocket): void => {
      if (!this.up) {
        socket.lose();
        return;
      }
      this.#sockets.add(socket);
      socket.open((frame) => {
        this.#receive(socket, frame);
      });
    };
    return class extends FakeSocket {
      constructor() {
        super();
        queueMicrotask(() => {
          accept(this);
        });
      }
    } as unknown as typeof WebSocket;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.lose();
    this.#sockets.clear();
  }

  commit(): void {
    this.durable = true;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  tell(message: ServerMessage): void {
    for (const socket of this.#sockets) this.#tell(socket, message);
  }

  #receive(socket: FakeSocket, frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    socket.address = decoding.readVarString(decoder);
    const type = decoding.readVarUint(decoder);
    if (type === FRAME_TYPE.auth) this.#login(socket, decoder);
    else if (type === FRAME_TYPE.sync) this.#sync(socket, decoder);
    else if (type === FRAME_TYPE.stateless) this.#stateless(socket, decoding.readVarString(decoder));
  }

  #login(socket: FakeSocket, decoder: decoding.Decoder): void {
    decoding.readVarUint(decoder);
    this.tokens.push(decoding.readVarString(decoder));
    const { deny } = this;
    this.deny = null;
    socket.reply(FRAME_TYPE.auth, (encoder) => {
      encoding.writeVarUint(encoder, deny === null ? AUTH_TYPE.authenticated : AUTH_TYPE.permissionDenied);
      encoding.writeVarString(encoder, deny ?? this.scope);
    });
  }

  #sync(socket: FakeSocket, decoder: decoding.Decoder): void {
    const type = decoding.readVarUint(decoder);
    const bytes = decoding.readVarUint8Array(decoder);
    if (type === SYNC_TYPE.step1) {
      this.syncs += 1;
      socket.reply(FRAME_TYPE.sync, writeSync(SYNC_TYPE.step2, encodeStateAsUpdate(this.document, bytes)));
      socket.reply(FRAME_TYPE.sync, writeSync(SYNC_TYPE.step1, encodeStateVector(this.document)));
      return;
    }
    if (type === SYNC_TYPE.update) this.updates += 1;
    const refusal = this.gate(bytes);
    if (refusal === null && !this.forgets) applyUpdate(this.document, bytes);
    if (refusal !== null) this.#tell(socket, refusal);
    socket.reply(FRAME_TYPE.syncStatus, (encoder) => {
      encoding.writeVarUint(encoder, refusal === null ? 1 : 0);
    });
  }

  #stateless(socket: FakeSocket, payload: string): void {
    const message = JSON.parse(payload) as { readonly type: string; readonly id: number };
    const { epoch } = this;
    if (message.type === 'scriptorium.hello') {
      this.#tell(socket, {
        type: 'scriptorium.welcome',
        epoch,
        seq: 0,
        schemaVersion: 1,
        readOnly: this.scope === 'readonly',
      });
      return;
    }
    const answer = (): void => {
      const stateVector = Buffer.from(encodeStateVector(this.document)).toString('base64');
      this.#tell(socket, { type: 'scriptorium.durable', id: message.id, epoch, seq: 0, stateVector });
    };
    if (this.durable) answer();
    else this.#waiting.push(answer);
  }

  #tell(socket: FakeSocket, message: ServerMessage): void {
    socket.reply(FRAME_TYPE.stateless, (encoder) => {
      encoding.writeVarString(encoder, JSON.stringify(message));
    });
  }
}

function writeSync(type: number, bytes: Uint8Array): (encoder: encoding.Encoder) => void {
  return (encoder) => {
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, bytes);
  };
}

class FakeSocket {
  readyState = 0;
  address = '';
  readonly #handlers = new Map<string, Set<Handler>>();
  #receive: (frame: Uint8Array) => void = () => {};

  addEventListener(type: string, handler: Handler): void {
    this.#handlers.set(type, (this.#handlers.get(type) ?? new Set()).add(handler));
  }

  removeEventListener(type: string, handler: Handler): void {
    this.#handlers.get(type)?.delete(handler);
  }

  send(frame: Uint8Array): void {
    const copy = frame.slice();
    queueMicrotask(() => {
      if (this.readyState === 1) this.#receive(copy);
    });
  }

  close(): void {
    this.lose();
  }

  open(receive: (frame: Uint8Array) => void): void {
    this.#receive = receive;
    this.readyState = 1;
    this.#emit('open', {});
  }

  reply(type: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, this.address);
    encoding.writeVarUint(encoder, type);
    write(encoder);
    const data = encoding.toUint8Array(encoder).slice().buffer;
    queueMicrotask(() => {
      if (this.readyState === 1) this.#emit('message', { data });
    });
  }

  lose(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => {
      this.#emit('close', { code: 1006 });
    });
  }

  #emit(type: string, event: Parameters<Handler>[0]): void {
    for (const handler of this.#handlers.get(type) ?? []) handler(event);
  }
}
