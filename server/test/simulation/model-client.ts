import { SCHEMA_VERSION } from '@scriptorium/shared/schema-version';
import type { ClientMessage, ServerMessage } from '@scriptorium/shared/stateless-messages';
import * as Y from 'yjs';
import { moveForkedText } from '../../../client/src/sdk/reapply-forked.ts';
import { parseServerMessage } from '../../../client/src/sdk/server-message.ts';
import { parseStateVector } from '../../../client/src/sdk/state-vector.ts';
import type { Random } from '../support/random.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientCopy, type ClientKind } from './client-copy.ts';
import type { ClientEdit } from './client-edit-record.ts';
import { createClientFrames, readServerFrame, type ClientFrames, type ServerFrame } from './client-frames.ts';
import type { Life } from './life.ts';
import type { Line, LineEvents } from './line.ts';
import { between } from './random-streams.ts';

/** What a client reports, all of it in the moment in which its user would see it. */
export interface ClientObserver {
  onSaved(edits: readonly ClientEdit[]): void;
  onReceived(update: Uint8Array): void;
  /** The server refused something, or the whole session, with this code. */
  onRefused(code: string, clientID: number): void;
  onClosed(code: number | null): void;
}

export interface ModelClientDeps {
  readonly name: string;
  readonly kind: ClientKind;
  /** Name of the document that it has open. */
  readonly document: string;
  readonly life: Life;
  /** Chance of its waits and ids. */
  readonly random: Random;
  readonly connect: (events: LineEvents, node: string | null) => Line | null;
  readonly observer: ClientObserver;
}

/** The clientID that somebody else used, and the server's document as it arrives. */
interface Recovery {
  readonly forked: number;
  readonly server: Y.Doc;
}

/** Updates that a client may send once more. */
const REPEATED = 3;

/** A person with a page open: types, loses the network, comes back to another node, reloads. */
export class ModelClient {
  readonly name: string;
  readonly kind: ClientKind;
  readonly connection: ClientConnection;
  readonly #deps: ModelClientDeps;
  readonly #frames: ClientFrames;
  #copy: ClientCopy;
  #sent: readonly Uint8Array[] = [];
  #recovery: Recovery | null = null;

  constructor(deps: ModelClientDeps) {
    this.#deps = deps;
    this.name = deps.name;
    this.kind = deps.kind;
    this.#frames = createClientFrames(deps.document);
    this.#copy = this.#createCopy();
    const { life, random, connect, observer } = deps;
    const events: LineEvents = {
      onOpen: () => this.#onOpen(),
      onMessage: (message) => this.#onFrame(readServerFrame(message)),
      onClose: (code) => observer.onClosed(code),
    };
    this.connection = new ClientConnection({ life, random, connect, events, onDropped: () => this.#copy.closed() });
  }

  get copy(): ClientCopy {
    return this.#copy;
  }

  start(): void {
    this.connection.start();
  }

  /** Sends its last updates once more, as clients do that hear the same edit on two ways. */
  repeat(): void {
    for (const update of this.#sent) {
      this.#copy.repeated();
      this.connection.send(this.#frames.update(update));
    }
  }

  /** Closes the page and opens it again: what was not saved is gone, as the page had warned. */
  reload(): void {
    this.connection.renew();
    this.#replaceCopy();
  }

  /** The document of today takes the place of the one that was deleted. */
  #beginAnew(): void {
    this.connection.reopen();
    this.#replaceCopy();
  }

  #createCopy(): ClientCopy {
    const { kind, observer } = this.#deps;
    return new ClientCopy(kind, this.#newClientId(), {
      sendUpdate: (update) => {
        this.#sent = [...this.#sent, update].slice(-REPEATED);
        this.connection.send(this.#frames.update(update));
      },
      sendProbe: (id) => this.#tell({ type: 'scriptorium.probe', id }),
      forceSync: () => this.connection.send(this.#frames.step1(Y.encodeStateVector(this.#copy.doc))),
      onSaved: (edits) => observer.onSaved(edits),
    });
  }

  #newClientId(): number {
    return 1 + this.#deps.random.below(2 ** 32 - 1);
  }

  #replaceCopy(): void {
    this.#recovery = null;
    this.#copy.destroy();
    this.#sent = [];
    this.#copy = this.#createCopy();
  }

  /** The stock provider sends its token and its question in one turn. */
  #onOpen(): void {
    const { connection } = this;
    connection.send(this.#frames.auth(this.name));
    if (this.#recovery !== null) {
      connection.send(this.#frames.step1(Y.encodeStateVector(this.#recovery.server)));
      return;
    }
    const { doc } = this.#copy;
    this.#copy.opened();
    connection.send(this.#frames.step1(Y.encodeStateVector(doc)));
    connection.send(this.#frames.presence(doc.clientID, 1));
  }

  #onFrame(frame: ServerFrame): void {
    if (this.#recovery !== null) {
      this.#onRecoveryFrame(frame, this.#recovery);
      return;
    }
    switch (frame.kind) {
      case 'step1':
        this.connection.send(this.#frames.step2(Y.encodeStateAsUpdate(this.#copy.doc, frame.bytes)));
        this.#copy.answered();
        break;
      case 'step2':
      case 'update':
        this.#copy.apply(frame.bytes);
        this.#deps.observer.onReceived(frame.bytes);
        break;
      case 'status':
        if (frame.saved) this.#copy.acknowledged();
        else this.#onNotTaken();
        break;
      case 'stateless':
        this.#onStateless(frame.payload);
        break;
      case 'admitted':
        if (this.kind === 'own')
          this.#tell({ type: 'scriptorium.hello', schemaVersion: SCHEMA_VERSION, client: this.name });
        break;
      case 'denied':
        this.#onDenied(frame.reason);
        break;
      case 'other':
        break;
    }
  }

  #onRecoveryFrame(frame: ServerFrame, recovery: Recovery): void {
    if (frame.kind === 'denied') this.#onDenied(frame.reason);
    if (frame.kind !== 'step2' && frame.kind !== 'update') return;
    Y.applyUpdate(recovery.server, frame.bytes);
    if (frame.kind === 'step2') this.#goOnWith(recovery);
  }

  /** A stock client is told no more than this; sooner or later its user reloads the page. */
  #onNotTaken(): void {
    const copy = this.#copy;
    if (copy.tracker !== null) {
      if (!copy.tracker.refusedHere) copy.tracker.refuse({ code: 'forbidden-update', title: 'not taken' });
      return;
    }
    this.#deps.life.after(between(this.#deps.random, 200, 1_500), () => {
      if (this.#copy === copy) this.reload();
    });
  }

  #onStateless(payload: string): void {
    const message = parseServerMessage(payload);
    if (message === null) return;
    if (message.type === 'scriptorium.refused') {
      this.#deps.observer.onRefused(message.code, this.#copy.doc.clientID);
      if (this.kind === 'own') this.#onRefused(message);
      return;
    }
    if (this.kind !== 'own') return;
    if (message.type === 'scriptorium.reconnect') {
      this.connection.returnWithin(message);
      return;
    }
    if (message.type === 'scriptorium.notice') return;
    if (this.#isReplaced(message.epoch)) return;
    if (message.type === 'scriptorium.durable')
      this.#copy.tracker?.answer(message.id, parseStateVector(message.stateVector) ?? new Map());
  }

  #onRefused(refusal: Extract<ServerMessage, { type: 'scriptorium.refused' }>): void {
    // What it holds is of a deleted document, whose number it had not learnt.
    if (refusal.code === 'tombstoned-content') this.#beginAnew();
    else if (refusal.code === 'forked' && refusal.client !== undefined) this.#recoverFork(refusal.client);
    else this.#copy.tracker?.refuse(refusal);
  }

  /** As the SDK does: fetches the server's state, and puts this side's text into it under another clientID. */
  #recoverFork(forked: number): void {
    if (this.#recovery !== null) return;
    this.connection.renew();
    this.#recovery = { forked, server: new Y.Doc() };
  }

  /** The server's state is here: the moved text goes into it. */
  #goOnWith({ forked, server }: Recovery): void {
    const here = this.#copy;
    const moved = moveForkedText({
      here: here.doc,
      server,
      client: forked,
      confirmed: here.tracker?.confirmedClock(forked) ?? 0,
      written: forked === here.doc.clientID ? here.written : Infinity,
      fresh: this.#newClientId(),
    });
    const markers = here.unsavedMarkers;
    const { epoch } = here;
    this.reload();
    this.#copy.epoch = epoch;
    this.#copy.adopt(Y.encodeStateAsUpdate(server), moved, markers);
  }

  /** Another epoch is another document under the same name, which the SDK begins anew. */
  #isReplaced(epoch: number): boolean {
    if (this.#copy.epoch === null) this.#copy.epoch = epoch;
    if (this.#copy.epoch === epoch) return false;
    this.#beginAnew();
    return true;
  }

  #onDenied(code: string): void {
    this.#deps.observer.onRefused(code, this.#copy.doc.clientID);
    this.connection.renew();
    // A user who is told that the document is gone tries again after a while, with an empty page.
    if (this.kind !== 'own') this.#replaceCopy();
  }

  #tell(message: ClientMessage): void {
    this.connection.send(this.#frames.stateless(JSON.stringify(message)));
  }
}
