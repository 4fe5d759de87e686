import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { authFrame, decodeFrame, step1Frame, step2Frame, updateFrame } from './frames.ts';

/** How one visit began: what it took from the first byte to everything exchanged and acknowledged. */
export interface Arrival {
  readonly milliseconds: number;
}

/**
 * A client that holds next to nothing, so that thousands fit into one process: one document, one key of it for each of
 * its edits, and the protocol as @hocuspocus/provider speaks it.
 */
export class ReturningClient {
  readonly document: string;
  /** What the server refused, and every code by which a visit ended. */
  readonly errors: string[] = [];
  readonly ends: number[] = [];
  /** Connections that ended before the server had said anything. */
  retries = 0;
  readonly #doc = new Y.Doc();
  readonly #name: string;
  #socket: WebSocket | null = null;
  #edits = 0;

  constructor(who: { readonly name: string; readonly document: string }) {
    this.#name = who.name;
    this.document = who.document;
  }

  /** Sets a key of its own, online or offline. */
  edit(): void {
    const before = Y.encodeStateVector(this.#doc);
    this.#doc.getMap('edits').set(`${this.#name}-${(this.#edits += 1)}`, true);
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(updateFrame(this.document, Y.encodeStateAsUpdate(this.#doc, before)));
  }

  /** How many keys of the document it sees. */
  get seen(): number {
    return this.#doc.getMap('edits').size;
  }

  /**
   * Connects, and resolves when both sides have what the other had, and the server says that it is stored. A connection
   * that ends before the server said anything is made again, as every provider does; that counts as part of the time.
   */
  async arrive(url: string, token: string): Promise<Arrival> {
    const begun = performance.now();
    while (!(await this.#visit(url, token))) {
      this.retries += 1;
      await sleep(250 + Math.random() * 750);
    }
    return { milliseconds: performance.now() - begun };
  }

  /** False when it ended before it began. */
  #visit(url: string, token: string): Promise<boolean> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.binaryType = 'nodebuffer';
    this.#socket = socket;
    // What it means is told by the end that follows.
    socket.on('error', () => {});
    return new Promise((resolve) => {
      const open = { heard: false, synced: false, acknowledged: false };
      socket.on('close', (code) => {
        if (open.heard) this.ends.push(code);
        else resolve(false);
      });
      socket.on('open', () => {
        socket.send(authFrame(this.document, token));
        socket.send(step1Frame(this.document, Y.encodeStateVector(this.#doc)));
      });
      socket.on('message', (bytes: Buffer) => {
        open.heard = true;
        this.#receive(socket, bytes, open);
        if (open.synced && open.acknowledged) resolve(true);
      });
    });
  }

  #receive(socket: WebSocket, bytes: Buffer, open: { synced: boolean; acknowledged: boolean }): void {
    const frame = decodeFrame(new Uint8Array(bytes));
    switch (frame.kind) {
      case 'step1':
        socket.send(step2Frame(this.document, Y.encodeStateAsUpdate(this.#doc, frame.stateVector)));
        break;
      case 'step2':
      case 'update':
        Y.applyUpdate(this.#doc, frame.update);
        open.synced ||= frame.kind === 'step2';
        break;
      case 'sync-status':
        if (frame.applied) open.acknowledged = true;
        else this.errors.push('an edit was not taken');
        break;
      case 'permission-denied':
        this.errors.push(frame.reason);
        break;
      default:
        break;
    }
  }

  leave(): void {
    this.#socket?.terminate();
  }
}
