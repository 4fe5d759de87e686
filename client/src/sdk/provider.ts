import type { HocuspocusProvider } from '@hocuspocus/provider';
import { SCHEMA_VERSION } from '@scriptorium/shared/schema-version';
import type { Awareness } from 'y-protocols/awareness';
import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import { checkYjsCopy } from './check-yjs.ts';
import { DocumentLink, LOADED, type LinkObserver } from './document-link.ts';
import { Emitter } from './emitter.ts';
import { LocalCopy } from './local-copy.ts';
import { createPacedAwareness } from './paced-awareness.ts';
import type { ProviderEvents, ScriptoriumProvider, ScriptoriumProviderOptions } from './provider-types.ts';
import { moveForkedText } from './reapply-forked.ts';
import type { SaveStatus } from './save-status.ts';
import { readStateVector } from './state-vector.ts';
import { checkTokenSource } from './token-source.ts';

/** One document and its link; a provider goes on to the next when the document is replaced. */
interface Generation {
  readonly document: Doc;
  readonly awareness: Awareness;
  readonly link: DocumentLink;
}

/** Connects a document to a Scriptorium server. Throws when the options cannot work. */
export function createScriptoriumProvider(options: ScriptoriumProviderOptions): ScriptoriumProvider {
  checkTokenSource(options.token);
  if (options.document !== undefined) checkYjsCopy(options.document);
  return new DocumentProvider(options);
}

class DocumentProvider implements ScriptoriumProvider {
  readonly #options: ScriptoriumProviderOptions;
  readonly #emitter = new Emitter<ProviderEvents>();
  readonly on = this.#emitter.on.bind(this.#emitter);
  readonly #copy = new LocalCopy();
  #current: Generation;
  /** Fetches the server's state while a fork is recovered from. */
  #recovery: DocumentLink | null = null;
  #epoch: number | null = null;
  #connected = false;
  #told = '';
  #destroyed = false;

  constructor(options: ScriptoriumProviderOptions) {
    this.#options = options;
    this.#current = this.#createGeneration(options.document ?? new Doc());
    void this.#start();
  }

  get document(): Doc {
    return this.#current.document;
  }

  get awareness(): Awareness {
    return this.#current.awareness;
  }

  get hocuspocus(): HocuspocusProvider {
    return this.#current.link.provider;
  }

  get status(): SaveStatus {
    return this.#current.link.tracker.status;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get keepsChanges(): boolean {
    return this.#copy.works;
  }

  async discardLocalCopy(): Promise<void> {
    await this.#copy.discard();
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#emitter.clear();
    this.#recovery?.destroy();
    this.#current.link.destroy();
    await this.#copy.close();
  }

  async #start(): Promise<void> {
    const { document, link } = this.#current;
    const given = readStateVector(document).size > 0 ? encodeStateAsUpdate(document) : null;
    const found = await this.#loadCopy();
    if (this.#destroyed) {
      await this.#copy.close();
      return;
    }
    // What the caller brought along may be news to the server.
    if (given !== null) {
      link.tracker.dispatch({ type: 'edited' });
      this.#keep(given, link.tracker.edits);
    }
    this.#emitter.emit('loaded', found);
    link.connect();
  }

  async #loadCopy(): Promise<boolean> {
    const { offline, url, name } = this.#options;
    if (offline === undefined) return false;
    const stored = await this.#copy.open({ server: url, user: offline.user }, name);
    if (stored === null) return false;
    this.#epoch = stored.epoch;
    const { document, link } = this.#current;
    document.transact(() => {
      for (const update of stored.updates) applyUpdate(document, update, LOADED);
    }, LOADED);
    if (stored.changes > 0) link.tracker.dispatch({ type: 'inherited', changes: stored.changes });
    return stored.updates.length > 0;
  }

  #createGeneration(document: Doc): Generation {
    const awareness = createPacedAwareness(document);
    return { document, awareness, link: this.#createLink(document, awareness, this.#observe()) };
  }

  #createLink(document: Doc, awareness: Awareness, observer: LinkObserver): DocumentLink {
    const { url, name, client = 'scriptorium-sdk' } = this.#options;
    return new DocumentLink({ url, name, token: () => this.#readToken(), document, awareness, client, observer });
  }

  #observe(): LinkObserver {
    const emitter = this.#emitter;
    return {
      onStatus: (status, durable) => {
        this.#copy.acknowledge(durable);
        this.#emitStatus(status);
      },
      onUpdate: (update, edit) => {
        this.#keep(update, edit);
      },
      onConnection: (connected) => {
        this.#setConnected(connected);
      },
      onIncoming: () => {
        emitter.emit('incoming');
      },
      onSynced: () => {
        emitter.emit('synced');
      },
      onAccess: (access) => {
        emitter.emit('access', access);
      },
      onEpoch: (epoch) => {
        this.#onEpoch(epoch);
      },
      onDenied: (code) => {
        emitter.emit('denied', code);
      },
      onNotice: (notice) => {
        emitter.emit('notice', notice);
      },
      onOutdated: () => {
        this.#onOutdated();
      },
      onForked: (client) => {
        this.#recoverFork(client);
      },
      onTombstoned: () => {
        // Its number was never learnt, or the refusal came before the number of today's.
        this.#epoch = null;
        this.#beginAnew();
      },
    };
  }

  /** Tells a status once, however often it is found to be the same. */
  #emitStatus(status: SaveStatus): void {
    const text = JSON.stringify(status);
    if (text === this.#told) return;
    this.#told = text;
    this.#emitter.emit('status', status);
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#emitter.emit('connection', connected);
  }

  /** Writes an update to the device's copy, and notes when an edit is safe there. */
  #keep(update: Uint8Array, edit: number | null): void {
    const { tracker } = this.#current.link;
    this.#copy.append(update, edit !== null, () => {
      if (edit !== null) tracker.dispatch({ type: 'kept', edits: edit });
    });
  }

  async #readToken(): Promise<string> {
    const { readSchemaVersion, token } = this.#options;
    if (readSchemaVersion !== undefined && (await readSchemaVersion()) > SCHEMA_VERSION) {
      this.#onOutdated();
      // Nothing more is sent: the link is gone.
      return new Promise<string>(() => {});
    }
    return token();
  }

  /** Stops before this editor's binding deletes what its schema does not know. */
  #onOutdated(): void {
    const { tracker } = this.#current.link;
    if (tracker.status.pending > 0)
      tracker.refuse({ code: 'schema-outdated', title: 'This editor is too old; reload it.' });
    this.#current.link.destroy();
    this.#recovery?.destroy();
    this.#setConnected(false);
    this.#emitter.emit('outdated');
  }

  /** Another epoch is another document under the same name: what is here belongs to a dead one. */
  #onEpoch(epoch: number): void {
    if (this.#epoch === epoch) return;
    const known = this.#epoch;
    this.#epoch = epoch;
    if (known === null) {
      this.#copy.setEpoch(epoch);
      return;
    }
    this.#beginAnew();
  }

  #beginAnew(): void {
    const { document, link } = this.#current;
    const lost = link.tracker.status.pending;
    link.destroy();
    this.#recovery?.destroy();
    this.#recovery = null;
    this.#copy.replace(encodeStateAsUpdate(new Doc()), { epoch: this.#epoch, changes: 0 });
    this.#current = this.#createGeneration(new Doc());
    this.#announce('recreated', document, lost);
  }

  /** Fetches the server's state, and puts this side's text into it under a clientID of its own. */
  #recoverFork(client: number): void {
    if (this.#recovery !== null) return;
    const { document: here, link } = this.#current;
    const confirmed = link.tracker.confirmedClock(client);
    const written = link.writtenClock(client);
    link.destroy();
    this.#setConnected(false);
    // Whoever types on meanwhile does so in the old document; that is moved as well.
    const keepTyped = (update: Uint8Array): void => {
      this.#copy.append(update, true);
    };
    here.on('update', keepTyped);
    const server = new Doc();
    const onSynced = (): void => {
      if (this.#recovery !== recovery) return;
      this.#recovery = null;
      here.off('update', keepTyped);
      const moved = moveForkedText({ here, server, client, confirmed, written, fresh: new Doc().clientID });
      recovery.destroy();
      this.#goOnWith(server, moved, here);
    };
    const observer = { ...this.#observe(), onStatus: () => {}, onUpdate: () => {}, onConnection: () => {}, onSynced };
    const recovery = this.#createLink(server, createPacedAwareness(server), observer);
    this.#recovery = recovery;
    recovery.connect();
  }

  #goOnWith(server: Doc, moved: Uint8Array, previous: Doc): void {
    const document = new Doc();
    this.#current = this.#createGeneration(document);
    const { tracker } = this.#current.link;
    applyUpdate(document, encodeStateAsUpdate(server), LOADED);
    applyUpdate(document, moved, LOADED);
    tracker.dispatch({ type: 'edited' });
    // In one step: at no time is the text on neither side.
    this.#copy.replace(encodeStateAsUpdate(document), { epoch: this.#epoch, changes: 1 }, () => {
      tracker.dispatch({ type: 'kept', edits: 1 });
    });
    this.#announce('forked', previous, 0);
  }

  #announce(reason: 'recreated' | 'forked', previous: Doc, lost: number): void {
    this.#setConnected(false);
    this.#emitter.emit('replaced', { reason, previous, lost });
    this.#emitStatus(this.status);
    this.#current.link.connect();
  }
}
