import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { SCHEMA_VERSION } from '@scriptorium/shared/schema-version';
import type { ClientMessage, ServerMessage } from '@scriptorium/shared/stateless-messages';
import type { Awareness } from 'y-protocols/awareness';
import { getState, type Doc } from 'yjs';
import { readInboundSignal } from './inbound-frame.ts';
import { chooseDelay, UNTOLD } from './return-delay.ts';
import type { SaveStatus } from './save-status.ts';
import { SaveTracker } from './save-tracker.ts';
import { parseServerMessage } from './server-message.ts';
import { parseStateVector, readStateVector } from './state-vector.ts';
import type { TokenSource } from './token-source.ts';

/** Origin of what was loaded from this device: neither an edit nor news from the server. */
export const LOADED = Symbol('loaded from this device');

/** Reconnects within seconds after a restart of the server, spread out so that not all come at once. */
const RECONNECT = { delay: 500, factor: 1.8, minDelay: 250, maxDelay: 15_000, jitter: true } as const;
/** How often a refused token is asked for anew before the refusal is taken for final. */
const TOKEN_ATTEMPTS = 2;
const TOKEN_PAUSE = 1_000;
const TOKEN_CODES: ReadonlySet<string> = new Set(['token-expired', 'unauthenticated']);

/** What the server lets know; `code` is one of the shared error table, `size` and `limit` tell of a limit. */
export type Notice = Omit<Extract<ServerMessage, { type: 'scriptorium.notice' }>, 'type'>;

/** What may be done with the document over this connection; `null` before the server has said so. */
export type Access = 'read-write' | 'read-only' | null;

/** What a link tells its owner. */
export interface LinkObserver {
  onStatus(status: SaveStatus, durable: number): void;
  /** An update of the document; `edit` is its number when it was made here, `null` when it came from the server. */
  onUpdate(update: Uint8Array, edit: number | null): void;
  onConnection(connected: boolean): void;
  /** A frame has come, and nothing of it is in the document yet. */
  onIncoming(): void;
  onSynced(): void;
  onAccess(access: Access): void;
  /** The server's incarnation of the document. */
  onEpoch(epoch: number): void;
  /** The server will not let this user in. */
  onDenied(code: string): void;
  /** The document needs a newer editor than this one. */
  onOutdated(): void;
  /** Something to know that is no refused edit: a limit is near, say. */
  onNotice(notice: Notice): void;
  /** Somebody else wrote something different under this clientID. */
  onForked(client: number): void;
  /** What is here belongs to a document that was deleted. */
  onTombstoned(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly name: string;
  readonly token: TokenSource;
  readonly document: Doc;
  readonly awareness: Awareness;
  /** Name of the client program, for the server's log. */
  readonly client: string;
  readonly observer: LinkObserver;
}

/** One document on one connection of the unmodified Hocuspocus provider, with each edit followed until it is durable. */
export class DocumentLink {
  readonly provider: HocuspocusProvider;
  readonly tracker: SaveTracker;
  readonly #options: LinkOptions;
  readonly #socket: HocuspocusProviderWebsocket;
  readonly #listening = new AbortController();
  #tokenAttempts = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #readOnly = false;
  /** Up to which clock this side wrote under each clientID; what follows under one came from elsewhere. */
  readonly #written = new Map<number, number>();
  #destroyed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { url, name, document, awareness, observer } = options;
    this.#socket = new HocuspocusProviderWebsocket({ url, autoConnect: false, ...RECONNECT });
    this.provider = new HocuspocusProvider({
      websocketProvider: this.#socket,
      name,
      document,
      awareness,
      token: () => this.#askToken(),
    });
    this.tracker = new SaveTracker({
      sendProbe: (id) => {
        this.#tell({ type: 'scriptorium.probe', id });
      },
      forceSync: () => {
        this.provider.forceSync();
      },
      readVector: () => readStateVector(document),
      onChange: (status, durable) => {
        observer.onStatus(status, durable);
      },
    });
    document.on('update', this.#onUpdate);
    this.#listen();
    this.#listenToWindow();
  }

  /** Connects, and stays connected from now on. */
  connect(): void {
    this.provider.attach();
    void this.#socket.connect();
  }

  /** Up to which clock the structs under a clientID were written here. */
  writtenClock(client: number): number {
    return this.#written.get(client) ?? Infinity;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#listening.abort();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#options.document.off('update', this.#onUpdate);
    this.tracker.destroy();
    this.provider.destroy();
    this.#socket.destroy();
  }

  /** After the provider's own handler, so an edit is on its way before anybody asks about it. */
  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === LOADED) return;
    const { observer, document } = this.#options;
    if (origin === this.provider) {
      observer.onUpdate(update, null);
      return;
    }
    this.#written.set(document.clientID, getState(document.store, document.clientID));
    this.tracker.dispatch({ type: 'edited' });
    observer.onUpdate(update, this.tracker.edits);
  };

  #listen(): void {
    const { observer } = this.#options;
    this.provider.on('open', () => {
      this.#socket.configuration.delay = chooseDelay(UNTOLD, Math.random());
      this.tracker.dispatch({ type: 'opened' });
    });
    this.provider.on('close', () => {
      // The way back is timed by now; should it fail, the pauses grow from here.
      this.#socket.configuration.delay = RECONNECT.delay;
      this.tracker.dispatch({ type: 'closed' });
      observer.onConnection(false);
    });
    this.provider.on('authenticated', ({ scope }: { scope: string }) => {
      this.#onAuthenticated(scope === 'readonly');
    });
    this.provider.on('authenticationFailed', ({ reason }: { reason: string }) => {
      this.#onDenied(reason);
    });
    this.provider.on('message', ({ event }: { event: MessageEvent<ArrayBuffer> }) => {
      observer.onIncoming();
      this.#onFrame(event.data);
    });
    this.provider.on('synced', () => {
      observer.onSynced();
    });
    this.provider.on('stateless', ({ payload }: { payload: string }) => {
      const message = parseServerMessage(payload);
      if (message !== null) this.#onMessage(message);
    });
  }

  #listenToWindow(): void {
    if (typeof window === 'undefined' || !('addEventListener' in window)) return;
    const { signal } = this.#listening;
    const comeBack = (): void => {
      if (this.#socket.shouldConnect && this.#socket.status === 'disconnected') void this.#socket.connect();
    };
    window.addEventListener('online', comeBack, { signal });
    // A socket on a line that is gone may take half a minute to notice.
    window.addEventListener('offline', () => this.#socket.webSocket?.close(), { signal });
    window.addEventListener(
      'visibilitychange',
      () => {
        if (document.visibilityState === 'visible') comeBack();
      },
      { signal },
    );
  }

  async #askToken(): Promise<string> {
    try {
      return await this.#options.token();
    } catch {
      // The provider would go on without a token; this connection ends instead, and the next one asks again.
      this.#socket.webSocket?.close();
      return new Promise<string>(() => {});
    }
  }

  #onAuthenticated(readOnly: boolean): void {
    const { observer, client } = this.#options;
    this.#readOnly = readOnly;
    this.#tokenAttempts = 0;
    this.#tell({ type: 'scriptorium.hello', schemaVersion: SCHEMA_VERSION, client });
    observer.onAccess(readOnly ? 'read-only' : 'read-write');
    observer.onConnection(true);
  }

  #onDenied(code: string): void {
    // Frames of somebody who was not let in would be taken for a breach of the protocol.
    this.#socket.disconnect();
    if (TOKEN_CODES.has(code) && this.#tokenAttempts < TOKEN_ATTEMPTS) {
      this.#tokenAttempts += 1;
      this.#retry = setTimeout(() => void this.#socket.connect(), TOKEN_PAUSE * this.#tokenAttempts);
      return;
    }
    if (this.tracker.status.pending > 0) this.tracker.refuse({ code, title: 'The server does not let you in.' });
    this.#options.observer.onDenied(code);
  }

  #onFrame(frame: ArrayBuffer): void {
    const signal = readInboundSignal(frame);
    if (signal === 'asked') {
      // The provider answers in the same turn, right after this event.
      queueMicrotask(() => {
        if (!this.#destroyed) this.tracker.dispatch({ type: 'synced' });
      });
    } else if (signal === 'not-taken' && !this.tracker.refusedHere) {
      // Where a refusal has a reason, the reason came before.
      this.tracker.refuse(
        this.#readOnly
          ? { code: 'read-only', title: 'You may read this document but not change it.' }
          : { code: 'forbidden-update', title: 'The server did not take a change.' },
      );
    }
  }

  #onMessage(message: ServerMessage): void {
    const { observer } = this.#options;
    switch (message.type) {
      case 'scriptorium.welcome':
        if (message.schemaVersion > SCHEMA_VERSION) observer.onOutdated();
        observer.onEpoch(message.epoch);
        break;
      case 'scriptorium.durable':
        observer.onEpoch(message.epoch);
        if (!this.#destroyed) this.tracker.answer(message.id, parseStateVector(message.stateVector) ?? new Map());
        break;
      case 'scriptorium.refused':
        this.#onRefused(message);
        break;
      case 'scriptorium.notice':
        observer.onNotice(message);
        break;
      case 'scriptorium.reconnect':
        this.#socket.configuration.delay = chooseDelay(message, Math.random());
        break;
    }
  }

  #onRefused({ code, title, client }: Extract<ServerMessage, { type: 'scriptorium.refused' }>): void {
    const { observer } = this.#options;
    if (code === 'forked' && client !== undefined) {
      observer.onForked(client);
      return;
    }
    if (code === 'tombstoned-content') {
      observer.onTombstoned();
      return;
    }
    this.tracker.refuse({ code, title });
    if (code === 'schema-outdated') observer.onOutdated();
  }

  #tell(message: ClientMessage): void {
    this.provider.sendStateless(JSON.stringify(message));
  }
}
