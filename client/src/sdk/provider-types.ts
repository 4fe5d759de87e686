import type { HocuspocusProvider } from '@hocuspocus/provider';
import type { Awareness } from 'y-protocols/awareness';
import type { Doc } from 'yjs';
import type { Access, Notice } from './document-link.ts';
import type { Emitter } from './emitter.ts';
import type { SaveStatus } from './save-status.ts';
import type { TokenSource } from './token-source.ts';

export interface ScriptoriumProviderOptions {
  /** Address of the server's WebSocket, `wss://host/collab`. */
  readonly url: string;
  /** Name of the document. */
  readonly name: string;
  readonly token: TokenSource;
  readonly document?: Doc;
  /** Keeps a copy on this device, so that changes survive a closed page; `user` keeps the copies of people apart. */
  readonly offline?: { readonly user: string };
  /** Version of the editor schema that the server knows; asked before each connection by editors that bind to it. */
  readonly readSchemaVersion?: () => Promise<number>;
  /** Name of the program, for the server's log. */
  readonly client?: string;
}

/** Why a document was put in place of the one before. */
export interface Replacement {
  /** `recreated`: deleted and made anew under its name. `forked`: its clientID was used twice; the text is kept. */
  readonly reason: 'recreated' | 'forked';
  /** The document before, to be read for the last time. */
  readonly previous: Doc;
  /** Changes of the document before that were never confirmed and are not in the new one. */
  readonly lost: number;
}

/** What a provider tells, with the arguments of each event. */
export type ProviderEvents = {
  status: [status: SaveStatus];
  connection: [connected: boolean];
  /** What this device kept of the document is in; `found` tells whether there was anything. */
  loaded: [found: boolean];
  /** Something of the server is about to be taken in. An editor can first read what was done on its page. */
  incoming: [];
  /** The server's state is in. */
  synced: [];
  access: [access: Access];
  /** `document` and `awareness` are others from now on. */
  replaced: [replacement: Replacement];
  /** The server does not let this user in; the code is one of the shared error table. */
  denied: [code: string];
  /** The server lets something be known that is no refused edit. */
  notice: [notice: Notice];
  /** This editor is too old for the document and must be loaded anew; the connection is closed. */
  outdated: [];
};

/** One document, kept in step with the server and, if wanted, on this device. */
export interface ScriptoriumProvider {
  readonly document: Doc;
  readonly awareness: Awareness;
  /** The Hocuspocus provider below, for editor bindings. */
  readonly hocuspocus: HocuspocusProvider;
  readonly status: SaveStatus;
  readonly connected: boolean;
  /** Whether changes are kept on this device; browsers may forbid it. */
  readonly keepsChanges: boolean;
  readonly on: Emitter<ProviderEvents>['on'];
  /** Forgets the copy on this device, its unconfirmed changes too. */
  discardLocalCopy(): Promise<void>;
  destroy(): Promise<void>;
}
