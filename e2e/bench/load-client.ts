import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { EMPTY_UPDATE, authFrame, step1Frame, step2Frame, updateFrame } from '../support/frames.ts';
import type { Dialect, LoadPlan } from './load-plan.ts';
import { encodeKeystroke, readClocks } from './text-update.ts';

const ROOT_NAME = 'text';

/** What clients report to the generator; `sequence` numbers a client's edits from 0. */
export interface LoadEvents {
  /** `at` is the client that got it. */
  arrived(author: number, sequence: number, at: LoadClient): void;
  acknowledged(author: number, sequence: number): void;
}

/** Who a client is, and where it goes. */
export interface LoadClientPlace {
  readonly id: number;
  readonly document: string;
  readonly node: number;
}

/** One cheap client: it knows frames and clocks, and holds no document. */
export class LoadClient {
  readonly id: number;
  /** Index of the node it is connected to. */
  readonly node: number;
  readonly #dialect: Dialect;
  readonly #document: string;
  readonly #socket: WebSocket;
  readonly #events: LoadEvents;
  readonly #frames: Uint8Array[] = [];
  #sent = 0;
  #acknowledged = 0;
  #leaving = false;
  #opened: () => void = () => {};
  readonly ready: Promise<void>;

  constructor(plan: LoadPlan, who: LoadClientPlace, events: LoadEvents) {
    this.id = who.id;
    this.node = who.node;
    this.#dialect = plan.dialect;
    this.#document = who.document;
    this.#events = events;
    this.ready = new Promise((resolve) => (this.#opened = resolve));
    const node = plan.urls[who.node] ?? '';
    const url = plan.dialect === 'hocuspocus' ? node : `${node}/${who.document}${plan.query ?? ''}`;
    this.#socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('message', (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on('open', () => this.#greet(plan.token));
    this.#socket.on('close', (code) => {
      if (!this.#leaving) throw new Error(`a load client was closed with ${code}`);
    });
  }

  /** Encodes the frames of all edits before the clock starts, so that sending costs next to nothing. */
  prepare(edits: number): void {
    for (let clock = 0; clock < edits; clock += 1) {
      const update = encodeKeystroke({ client: this.id, clock, root: ROOT_NAME });
      const frame =
        this.#dialect === 'hocuspocus' ? updateFrame(this.#document, update) : bareFrame(SYNC_TYPE.update, update);
      this.#frames.push(frame);
    }
  }

  /** Sends the next edit and returns its number. */
  sendNext(): number {
    const sequence = this.#sent;
    this.#sent += 1;
    const frame = this.#frames[sequence];
    if (frame === undefined) throw new Error('no edit left');
    this.#socket.send(frame);
    return sequence;
  }

  close(): void {
    this.#leaving = true;
    this.#socket.close(1000);
  }

  #greet(token: string): void {
    if (this.#dialect === 'relay') this.#opened();
    if (this.#dialect === 'y-websocket') this.#socket.send(bareFrame(SYNC_TYPE.step1, Uint8Array.of(0)));
    if (this.#dialect !== 'hocuspocus') return;
    this.#socket.send(authFrame(this.#document, token));
    this.#socket.send(step1Frame(this.#document));
  }

  #receive(bytes: Buffer): void {
    const decoder = decoding.createDecoder(bytes);
    // The address is shorter than 128 bytes, so its length is one byte.
    if (this.#dialect === 'hocuspocus') decoder.pos = 1 + (bytes[0] ?? 0);
    const type = decoding.readVarUint(decoder);
    if (type === FRAME_TYPE.sync) this.#receiveSync(decoder);
    else if (type === FRAME_TYPE.syncStatus) this.#receiveStatus(decoding.readVarUint(decoder) === 1);
    else if (type === FRAME_TYPE.close) throw new Error('a load client was sent away');
  }

  #receiveSync(decoder: decoding.Decoder): void {
    const subType = decoding.readVarUint(decoder);
    if (subType === SYNC_TYPE.step1) {
      const isHocuspocus = this.#dialect === 'hocuspocus';
      this.#socket.send(isHocuspocus ? step2Frame(this.#document) : bareFrame(SYNC_TYPE.step2, EMPTY_UPDATE));
      return;
    }
    if (subType === SYNC_TYPE.step2) {
      if (this.#dialect === 'y-websocket') this.#opened();
      return;
    }
    decoding.readVarUint(decoder);
    readClocks(decoder, (client, from, to) => {
      // Some servers send an author its own edits back; that is no delivery.
      if (client === this.id) return;
      for (let clock = from; clock < to; clock += 1) this.#events.arrived(client, clock, this);
    });
  }

  #receiveStatus(applied: boolean): void {
    if (!applied) throw new Error('an edit was refused');
    // The first one answers the handshake's SyncStep2; only then has everything settled.
    if (this.#acknowledged === 0) this.#opened();
    else this.#events.acknowledged(this.id, this.#acknowledged - 1);
    this.#acknowledged += 1;
  }
}

/** A sync frame without an address. */
function bareFrame(subType: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FRAME_TYPE.sync);
  encoding.writeVarUint(encoder, subType);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}
