import { createContentClient, type ContentClient } from '../../client/src/sdk/rest-content.ts';
import { RestError } from '../../client/src/sdk/rest-error.ts';
import * as Y from 'yjs';

/** A program that counts in a document, one write after the other, each into the state that it has read. */
export interface CountingProgram {
  readonly client: ContentClient;
  /** Adds one to the number, by a new content or by an operation; reads again as often as somebody else was faster. */
  step(way: 'content' | 'operation'): Promise<void>;
  /** Writes that were refused because the state had moved on. */
  readonly refused: () => number;
  /** The blocks of the document: the ids of their items, and what they say. */
  readBlocks(): Promise<readonly Block[]>;
}

export interface Block {
  readonly id: string;
  readonly text: string;
}

const COUNT = /Count: (\d+)/;

export function createCountingProgram(place: {
  readonly url: string;
  readonly token: string;
  readonly document: string;
}): CountingProgram {
  const { document } = place;
  const client = createContentClient({ baseUrl: place.url, token: () => place.token });
  let refused = 0;

  const writeContent = async (body: string, etag: string): Promise<void> => {
    const next = body.replace(COUNT, (_, count: string) => `Count: ${Number(count) + 1}`);
    await client.replaceContent(document, { format: 'markdown', body: next }, { ifMatch: etag });
  };
  const applyOperation = async (body: string, etag: string): Promise<void> => {
    const count = Number(COUNT.exec(body)?.[1]);
    const range = { quote: { exact: `Count: ${count}`, suffix: '.' } };
    const operations = [{ op: 'replace' as const, range, text: `Count: ${count + 1}` }];
    const { results } = await client.applyChanges(document, { operations, atomic: true }, { ifMatch: etag });
    if (results[0]?.status !== 'applied') throw new Error(`not applied: ${JSON.stringify(results)}`);
  };

  return {
    client,
    refused: () => refused,
    async step(way) {
      for (;;) {
        const read = await client.readContent(document, { format: 'markdown', fresh: true });
        const [body, etag] = [String(read?.body), read?.etag ?? ''];
        try {
          await (way === 'content' ? writeContent(body, etag) : applyOperation(body, etag));
          return;
        } catch (error) {
          if (!(error instanceof RestError) || error.code !== 'precondition-failed') throw error;
          refused += 1;
        }
      }
    },
    async readBlocks() {
      const read = await client.readContent(document, { format: 'yjs', fresh: true });
      const doc = new Y.Doc();
      if (read?.body instanceof Uint8Array) Y.applyUpdate(doc, read.body);
      return doc
        .getXmlFragment('default')
        .toArray()
        .map((block) => ({ id: idOf(block), text: textOf(block) }));
    },
  };
}

function idOf(block: Y.XmlElement | Y.XmlText | Y.XmlHook): string {
  const id = block._item?.id;
  return id === undefined ? '' : `${id.client}:${id.clock}`;
}

/** What stands in the block, without its marks. */
function textOf(block: Y.XmlElement | Y.XmlText | Y.XmlHook): string {
  const texts = block instanceof Y.XmlElement ? block.toArray() : [block];
  return texts.map((text) => (text instanceof Y.XmlText ? readText(text) : '')).join('');
}

function readText(text: Y.XmlText): string {
  const runs = text.toDelta() as readonly { readonly insert?: unknown }[];
  return runs.map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('');
}
