import { batch, signal, type ReadonlySignal } from '@preact/signals';
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

/** A document that is open in the app. */
export interface OpenDocument {
  readonly name: string;
  readonly phase: ReadonlySignal<Phase>;
  readonly shared: ReadonlySignal<Shared>;
  readonly status: ReadonlySignal<SaveStatus>;
  readonly connected: ReadonlySignal<boolean>;
  readonly access: ReadonlySignal<Access>;
  /** What became of the document that was here before. */
  readonly replaced: ReadonlySignal<Replacement | null>;
  readonly keepsChanges: () => boolean;
  /** Rises with each return of the connection. */
  readonly connections: ReadonlySignal<number>;
  readonly dismissReplaced: () => void;
  readonly discardLocalCopy: () => Promise<void>;
  /** Leaves the document; what is on its way still arrives. */
  readonly leave: () => void;
}

/** Milliseconds after which somebody who waits is told why. */
const SLOW_AFTER = 4_000;

/** Opens a document for a user. */
export function openDocument(name: string, user: { readonly id: string }): OpenDocument {
  const provider = createScriptoriumProvider({
    url: collabUrl(),
    name,
    token: readToken,
    offline: { user: user.id },
    readSchemaVersion: async () => (await loadConfig()).schemaVersion,
    client: 'scriptorium-editor',
  });
  const phase = signal<Phase>({ kind: 'loading', slow: false });
  const shared = signal<Shared>({ document: provider.document, awareness: provider.awareness });
  const status = signal<SaveStatus>(provider.status);
  const connected = signal(false);
  const connections = signal(0);
  const access = signal<Access>(null);
  const replaced = signal<Replacement | null>(null);
  const slowTimer = setTimeout(() => {
    if (phase.value.kind === 'loading') phase.value = { kind: 'loading', slow: true };
  }, SLOW_AFTER);

  const makeReady = (): void => {
    if (phase.value.kind === 'loading') phase.value = { kind: 'ready' };
  };
  provider.on('loaded', (found) => {
    if (found) void showLocalCopy(phase, makeReady);
  });
  provider.on('synced', makeReady);
  provider.on('status', (next) => {
    status.value = next;
  });
  provider.on('connection', (isConnected) => {
    connected.value = isConnected;
    if (isConnected) connections.value += 1;
  });
  provider.on('access', (next) => {
    access.value = next;
  });
  provider.on('denied', (code) => {
    if (!noteRefusedToken(code)) phase.value = { kind: 'denied', code };
  });
  provider.on('outdated', () => {
    phase.value = { kind: 'outdated' };
  });
  provider.on('replaced', (replacement) => {
    batch(() => {
      replaced.value = replacement;
      shared.value = { document: provider.document, awareness: provider.awareness };
    });
  });

  return {
    name,
    phase,
    shared,
    status,
    connected,
    connections,
    access,
    replaced,
    keepsChanges: () => provider.keepsChanges,
    dismissReplaced: () => {
      replaced.value = null;
    },
    discardLocalCopy: () => provider.discardLocalCopy(),
    leave: () => {
      clearTimeout(slowTimer);
      leave(provider);
    },
  };
}

/** Shows what this device has, unless the server says that this app is too old to touch it. */
async function showLocalCopy(phase: { readonly value: Phase }, makeReady: () => void): Promise<void> {
  try {
    const { schemaVersion } = await loadConfig();
    if (schemaVersion > SCHEMA_VERSION) return;
  } catch {
    // Offline: the copy was written by this app.
  }
  if (phase.value.kind === 'loading') makeReady();
}

function leave(provider: ScriptoriumProvider): void {
  provider.awareness.setLocalState(null);
  holdUntilSaved(provider);
}
