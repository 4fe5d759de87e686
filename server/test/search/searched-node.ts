import { randomUUID } from 'node:crypto';
import type { SearchPageView } from '@scriptorium/shared/search-schemas';
import * as Y from 'yjs';
import { connectByHand, signToken, startTestNode } from '../node/test-node.ts';

type Claims = Readonly<Record<string, unknown>>;

/** A whole node, asked as its clients do. */
export type SearchedNode = Awaited<ReturnType<typeof startSearchedNode>>;

/** Starts a node on a directory and speaks with it by REST and sockets. */
export async function startSearchedNode(directory: string, variables: Readonly<Record<string, string>> = {}) {
  const node = await startTestNode(directory, variables);
  const call = async (claims: Claims, path: string, init: RequestInit = {}): Promise<Response> => {
    const token = await signToken({ sub: 'ada', role: 'owner', ...claims });
    const headers = new Headers({ authorization: `Bearer ${token}` });
    if (init.body !== undefined) headers.set('content-type', 'application/json');
    return fetch(`http://127.0.0.1:${node.port}/v1${path}`, { ...init, headers });
  };
  return {
    ...node,
    call,
    search: async (q: string, claims: Claims = {}): Promise<SearchPageView> => {
      const response = await call(claims, `/search?q=${encodeURIComponent(q)}&limit=100`);
      if (response.status !== 200) throw new Error(`search answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as SearchPageView;
    },
    openWriter: (name: string, claims: Claims = {}) => openWriter(node.url, name, claims),
  };
}

/** Somebody who writes paragraphs into a document; each is awaited until it is saved. */
async function openWriter(url: string, name: string, claims: Claims) {
  const client = await connectByHand(`${url}/collab`);
  await client.enter(name, await signToken({ sub: 'ada', role: 'owner', ...claims }));
  const document = new Y.Doc();
  const fragment = document.getXmlFragment('default');
  let saved = client.heard.filter(({ kind }) => kind === 'status').length;
  const send = async (change: () => void): Promise<void> => {
    const before = Y.encodeStateVector(document);
    document.transact(change);
    client.update(name, Y.encodeStateAsUpdate(document, before));
    saved += 1;
    await client.until('status', saved);
  };
  return {
    document,
    addParagraph: (text: string) =>
      send(() => {
        const paragraph = new Y.XmlElement('paragraph');
        paragraph.insert(0, [new Y.XmlText(text)]);
        fragment.push([paragraph]);
      }),
    clear: () =>
      send(() => {
        fragment.delete(0, fragment.length);
      }),
    close: () => {
      client.socket.close();
    },
  };
}

/** A word that nobody else has written. */
export function rareWord(): string {
  return `q${randomUUID().replaceAll(/[^a-z]/g, '')}x${Math.random()
    .toString(36)
    .replaceAll(/[^a-z]/g, '')}`;
}

/** Asks until it holds; fails after a generous time, with what was seen last. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (seen: T) => boolean,
  milliseconds = 40_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const seen = await ask();
    if (holds(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`did not come about: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
