import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { connectByHand } from '../node/test-node.ts';

/** A client that speaks the protocol by hand. */
export type HandClient = Awaited<ReturnType<typeof connectByHand>>;

/** Opens a document; `null` when it is not opened to this token. */
export async function openByHand(url: string, name: string, token: string): Promise<HandClient | null> {
  const client = await connectByHand(url);
  client.login(name, token);
  const answer = await Promise.race([client.until('authenticated'), client.until('denied')]);
  if (answer.kind === 'authenticated') return client;
  client.socket.terminate();
  return null;
}

/** An update that puts something into a map of that name. */
export function editOf(rootName: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getMap(rootName).set('key', 'value');
  return Y.encodeStateAsUpdate(doc);
}

/** The presence of one client, with a cursor. */
export function cursorOf(client: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [1, client, 1]) encoding.writeVarUint(encoder, number);
  encoding.writeVarString(encoder, '{"cursor":1}');
  return encoding.toUint8Array(encoder);
}
