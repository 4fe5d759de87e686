import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { waitUntil } from './wait-until.ts';

/** A person with an unmodified y-websocket provider. */
export interface YWebsocketClient {
  readonly kind: 'y-websocket';
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  ready(): Promise<void>;
  destroy(): void;
}

export interface YWebsocketClientOptions {
  /** Server URL; the document's name is appended to it. */
  readonly url: string;
  readonly document: string;
  readonly token: string;
  readonly doc?: Y.Doc;
}

/** Opens a document. Tabs of one browser talk to each other past the server by default; that is off here. */
export function openYWebsocket(options: YWebsocketClientOptions): YWebsocketClient {
  const doc = options.doc ?? new Y.Doc();
  const provider = new WebsocketProvider(options.url, options.document, doc, {
    params: { token: options.token },
    disableBc: true,
  });
  return {
    kind: 'y-websocket',
    doc,
    provider,
    ready: () => waitUntil(() => provider.synced, { what: `${options.document} is synced with y-websocket` }),
    destroy() {
      provider.destroy();
      doc.destroy();
    },
  };
}
