import { batch, computed, signal, type Signal } from '@preact/signals';
import { SCHEMA_VERSION } from '@scriptorium/shared/schema-version';
import type { Awareness } from 'y-protocols/awareness';
import type { Doc } from 'yjs';
import type { Access } from '../../sdk/document-link.ts';
import type { Replacement, ScriptoriumProvider } from '../../sdk/provider-types.ts';
import { createScriptoriumProvider } from '../../sdk/provider.ts';
import type { SaveStatus } from '../../sdk/save-status.ts';
import { collabUrl } from '../collab-url.ts';
import { loadConfig, noteRefusedToken, readToken } from '../session.ts';
import { holdUntilSaved } from './unsaved-documents.ts';
import { Warnings } from './warnings.ts';

/** How far a document has come. */
export type Phase =
  | { readonly kind: 'loading'; readonly slow: boolean }
  | { readonly kind: 'ready' }
  /** The server does not let this user in; the code is one of the shared error table. */
  | { readonly kind: 'denied'; readonly code: string }
  /** This app is older than the document. */
  | { readonly kind: 'outdated' };

/** The document that an editor binds to; another one takes its place when it is replaced. */
export interface Shared {
  readonly document: Doc;
  readonly awareness: Awareness;
}

/** Milliseconds after which somebody who waits is told why. */
const SLOW_AFTER = 4_000;

/** A document that is open in the app, as signals. */
export class OpenDocument {
  readonly name: string;
  readonly phase = signal<Phase>({ kind: 'loading', slow: false });
  readonly shared: Signal<Shared>;
  readonly status: Signal<SaveStatus>;
  /** Whether a large change is being put in, during which nothing can be drawn. */
  readonly working = signal(false);
  /** The status to show: with a large change on its way in, it is no longer *saved*. */
  readonly shownStatus = computed((): SaveStatus => {
    const status = this.status.value;
    return this.working.value && status.kind === 'saved' ? { kind: 'saving', pending: 0 } : status;
  });
  readonly connected = signal(false);
  /** Rises with each return of the connection. */
  readonly connections = signal(0);
  readonly access = signal<Access>(null);
  /** What became of the document that was here before. */
  readonly replaced = signal<Replacement | null>(null);
  /** What the server says of limits. */
  readonly warnings = new Warnings();
  readonly #provider: ScriptoriumProvider;
  readonly #slowTimer: ReturnType<typeof setTimeout>;

  constructor(name: string, user: { readonly id: string }) {
    this.name = name;
    this.#provider = createScriptoriumProvider({
      url: collabUrl(),
      name,
      token: readToken,
      offline: { user: user.id },
      readSchemaVersion: async () => (await loadConfig()).schemaVersion,
      client: 'scriptorium-editor',
    });
    this.shared = signal(this.#readShared());
    this.status = signal(this.#provider.status);
    this.#slowTimer = setTimeout(() => {
      if (this.phase.value.kind === 'loading') this.phase.value = { kind: 'loading', slow: true };
    }, SLOW_AFTER);
    this.#listen();
  }

  /** Whether changes are kept on this device; the browser may forbid it. */
  get keepsChanges(): boolean {
    return this.#provider.keepsChanges;
  }

  /** Calls back before each time that something of the server is taken in. Returns the end of it. */
  onIncoming(listener: () => void): () => void {
    return this.#provider.on('incoming', listener);
  }

  dismissReplaced(): void {
    this.replaced.value = null;
  }

  /** Forgets the copy on this device. */
  async discardLocalCopy(): Promise<void> {
    await this.#provider.discardLocalCopy();
  }

  /** Gives up what the server has not confirmed; the page must be loaded anew. */
  async abandonChanges(): Promise<void> {
    await this.#provider.discardLocalCopy();
    await this.#provider.destroy();
    this.status.value = { kind: 'saved', pending: 0 };
  }

  /** Leaves the document; what is on its way still arrives. */
  leave(): void {
    clearTimeout(this.#slowTimer);
    this.#provider.awareness.setLocalState(null);
    holdUntilSaved(this.#provider);
  }

  #readShared(): Shared {
    return { document: this.#provider.document, awareness: this.#provider.awareness };
  }

  #listen(): void {
    const provider = this.#provider;
    provider.on('loaded', (found) => {
      if (found) void this.#showLocalCopy();
    });
    provider.on('synced', () => {
      this.#makeReady();
    });
    provider.on('status', (status) => {
      this.status.value = status;
    });
    provider.on('connection', (connected) => {
      this.connected.value = connected;
      if (connected) this.connections.value += 1;
    });
    provider.on('access', (access) => {
      this.access.value = access;
    });
    provider.on('denied', (code) => {
      if (noteRefusedToken(code)) return;
      this.phase.value = { kind: 'denied', code };
      // What was deleted for everybody does not stay on devices, unless it is the only copy of something.
      if (code === 'document-deleted' && this.status.value.pending === 0) void this.discardLocalCopy();
    });
    provider.on('outdated', () => {
      this.phase.value = { kind: 'outdated' };
    });
    provider.on('notice', (notice) => {
      this.warnings.note(notice);
    });
    provider.on('replaced', (replacement) => {
      batch(() => {
        this.replaced.value = replacement;
        this.shared.value = this.#readShared();
      });
    });
  }

  /** Shows what this device has, unless the server says that this app is too old to touch it. */
  async #showLocalCopy(): Promise<void> {
    try {
      const { schemaVersion } = await loadConfig();
      if (schemaVersion > SCHEMA_VERSION) return;
    } catch {
      // Offline: the copy was written by this app.
    }
    this.#makeReady();
  }

  #makeReady(): void {
    if (this.phase.value.kind === 'loading') this.phase.value = { kind: 'ready' };
  }
}
