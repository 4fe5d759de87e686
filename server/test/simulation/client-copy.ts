import * as Y from 'yjs';
import { SaveTracker } from '../../../client/src/sdk/save-tracker.ts';
import { readStateVector } from '../../../client/src/sdk/state-vector.ts';
import { readClaims, type ClientEdit } from './client-edit-record.ts';

/**
 * `own` follows its edits as our SDK does, by asking; `stock` counts answers as @hocuspocus/provider does; a `reader`
 * writes nothing.
 */
export type ClientKind = 'own' | 'stock' | 'reader';

/** What a copy of the document needs of the client that has it open. */
export interface CopyOwner {
  /** Sends an update of this side, if there is a connection. */
  sendUpdate(update: Uint8Array): void;
  sendProbe(id: number): void;
  /** Starts a round of synchronisation. */
  forceSync(): void;
  /** The client may tell its user that these edits are saved. */
  onSaved(edits: readonly ClientEdit[]): void;
}

const FROM_SERVER = Symbol('from the server');

/** One copy of a document on one client, from opening the page to closing it, and what is known about its edits. */
export class ClientCopy {
  readonly doc = new Y.Doc();
  readonly tracker: SaveTracker | null;
  /** Edits that nobody has called saved yet, oldest first. */
  #unsaved: ClientEdit[] = [];
  #edits = 0;
  #written = 0;
  /** The stock provider's counter of what is not confirmed. */
  #counter = 0;
  /** Incarnation of the document, once the server has said it. */
  epoch: number | null = null;
  readonly #owner: CopyOwner;
  readonly #kind: ClientKind;

  constructor(kind: ClientKind, clientID: number, owner: CopyOwner) {
    this.#kind = kind;
    this.#owner = owner;
    this.doc.clientID = clientID;
    this.tracker =
      kind !== 'own'
        ? null
        : new SaveTracker({
            sendProbe: (id) => owner.sendProbe(id),
            forceSync: () => owner.forceSync(),
            readVector: () => readStateVector(this.doc),
            onChange: (_status, durable) => this.#takeSaved(durable),
          });
    if (kind === 'reader') this.doc.on('beforeObserverCalls', (transaction) => transaction.changed.clear());
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== FROM_SERVER) this.#onEdit(update);
    });
  }

  /** Whether everything that was written here is known to be saved. */
  get saved(): boolean {
    switch (this.#kind) {
      case 'own':
        return this.tracker?.status.kind === 'saved';
      case 'stock':
        return this.#counter === 0;
      case 'reader':
        return true;
    }
  }

  /** Makes an edit; `run` returns the texts it wrote that stand nowhere else. */
  edit(run: (doc: Y.Doc) => readonly string[]): void {
    // Known only when the update has gone out; nothing is confirmed within the turn.
    const before = this.#unsaved.length;
    const markers = run(this.doc);
    const edit = this.#unsaved[before];
    if (edit !== undefined) this.#unsaved[before] = { ...edit, markers };
  }

  apply(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, FROM_SERVER);
  }

  /** Takes what was saved from another copy: state that came from elsewhere, and one edit that is to be saved. */
  adopt(state: Uint8Array, moved: Uint8Array, markers: readonly string[]): void {
    this.apply(state);
    this.apply(moved);
    this.#edits += 1;
    this.#unsaved.push({ number: this.#edits, ...readClaims(moved), markers });
    this.tracker?.dispatch({ type: 'edited' });
  }

  /** The texts of all edits that nobody has called saved. */
  get unsavedMarkers(): readonly string[] {
    return this.#unsaved.flatMap(({ markers }) => markers);
  }

  /** Clock up to which the structs under its clientID were written here. */
  get written(): number {
    return this.#written;
  }

  /** A connection is open, and the client has begun its first round. */
  opened(): void {
    this.tracker?.dispatch({ type: 'opened' });
    this.#counter = 1;
  }

  closed(): void {
    this.tracker?.dispatch({ type: 'closed' });
  }

  /** The server's question for what it lacks has been answered. */
  answered(): void {
    this.tracker?.dispatch({ type: 'synced' });
  }

  /** An update goes out once more, which the provider counts like any other. */
  repeated(): void {
    this.#counter += 1;
  }

  /** One answer of the server to one frame. */
  acknowledged(): void {
    if (this.#counter > 0) this.#counter -= 1;
    if (this.#kind === 'stock' && this.#counter === 0) this.#takeSaved(this.#edits);
  }

  /** The page is closed. */
  destroy(): void {
    this.tracker?.destroy();
    this.doc.destroy();
  }

  #onEdit(update: Uint8Array): void {
    this.#edits += 1;
    this.#counter += 1;
    this.#written = Y.getState(this.doc.store, this.doc.clientID);
    this.#unsaved.push({ number: this.#edits, ...readClaims(update), markers: [] });
    // As in the SDK: the provider sends, then the tracker counts.
    this.#owner.sendUpdate(update);
    this.tracker?.dispatch({ type: 'edited' });
  }

  #takeSaved(upTo: number): void {
    const saved = this.#unsaved.filter((edit) => edit.number <= upTo);
    if (saved.length === 0) return;
    this.#unsaved = this.#unsaved.filter((edit) => edit.number > upTo);
    this.#owner.onSaved(saved);
  }
}
