import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import * as Y from 'yjs';
import { waitUntil } from './wait-until.ts';

/** A person with an unmodified @hocuspocus/provider. */
export interface HocuspocusClient {
  readonly kind: 'hocuspocus';
  readonly doc: Y.Doc;
  readonly provider: HocuspocusProvider;
  readonly socket: HocuspocusProviderWebsocket;
  /** First sync round done, and acknowledged. */
  ready(): Promise<void>;
  destroy(): void;
}

export interface HocuspocusClientOptions {
  /** URL of the collaboration endpoint. */
  readonly url: string;
  readonly document: string;
  readonly token: string;
  readonly doc?: Y.Doc;
  /** Shared socket, for several documents on one connection. */
  readonly socket?: HocuspocusProviderWebsocket;
}

/** Opens a socket as the provider would by itself; reconnects quickly so that tests need not wait. */
export function openHocuspocusSocket(url: string): HocuspocusProviderWebsocket {
  return new HocuspocusProviderWebsocket({ url, delay: 100, minDelay: 100, maxDelay: 500 });
}

/** Opens a document. */
export function openHocuspocus(options: HocuspocusClientOptions): HocuspocusClient {
  const doc = options.doc ?? new Y.Doc();
  const socket = options.socket ?? openHocuspocusSocket(options.url);
  const provider = new HocuspocusProvider({
    name: options.document,
    document: doc,
    // A function is what every client should pass: a string is sent again when it has expired.
    token: () => options.token,
    websocketProvider: socket,
  });
  provider.attach();
  return {
    kind: 'hocuspocus',
    doc,
    provider,
    socket,
    ready: () =>
      waitUntil(() => provider.isSynced && provider.unsyncedChanges === 0, {
        what: `${options.document} is synced with @hocuspocus/provider`,
        seen: () => `synced ${provider.isSynced}, unsynced ${provider.unsyncedChanges}`,
      }),
    destroy() {
      provider.destroy();
      if (options.socket === undefined) socket.destroy();
      doc.destroy();
    },
  };
}
