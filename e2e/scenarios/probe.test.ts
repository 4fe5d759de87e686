import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerMessage, parseStatelessMessage, serverMessageSchema } from '@scriptorium/shared/stateless-messages';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { statelessFrame, updateFrame } from '../support/frames.ts';
import { type RawClient, connectRaw, joinRaw } from '../support/raw-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';

const DOCUMENT = 'probed';
const APPEND_DELAY_MS = 300;

describe('the answer to a probe', () => {
  it('[ACK57] comes when what was sent before it is committed, and claims nothing that is not', async () => {
    const site = await createServerSite();
    try {
      const server = await site.start({ env: { SCRIPTORIUM_TEST_APPEND_DELAY_MS: String(APPEND_DELAY_MS) } });
      const token = await mintToken({ sub: 'ada' });
      const client = await connectRaw(site.collabUrl);
      await joinRaw(client, DOCUMENT, token);
      const doc = new Y.Doc();
      doc.on('update', (update: Uint8Array) => client.send(updateFrame(DOCUMENT, update)));

      doc.getText('text').insert(0, 'before ');
      const before = Y.getState(doc.store, doc.clientID);
      client.send(statelessFrame(DOCUMENT, JSON.stringify({ type: 'scriptorium.probe', id: 1 })));
      // Too late for the append that is under way, and not committed when the answer comes: it may not speak of this.
      await sleep(APPEND_DELAY_MS / 3);
      doc.getText('text').insert(0, 'behind ');
      const claimed = await waitForDurable(client, 1);
      await server.kill();

      await site.start();
      const committed = Y.getState((await readCommitted(site.url, DOCUMENT, token)).store, doc.clientID);
      expect(claimed.get(doc.clientID) ?? 0).toBeGreaterThanOrEqual(before);
      expect(claimed.get(doc.clientID) ?? 0).toBeLessThanOrEqual(committed);
    } finally {
      await site.dispose();
    }
  });
});

/** The state vector of the answer. */
async function waitForDurable(client: RawClient, id: number): Promise<Map<number, number>> {
  const isAnswer = (
    message: ServerMessage | null,
  ): message is Extract<ServerMessage, { type: 'scriptorium.durable' }> =>
    message?.type === 'scriptorium.durable' && message.id === id;
  const frame = await client.waitForFrame(
    (it) => it.kind === 'stateless' && isAnswer(parseStatelessMessage(serverMessageSchema, it.payload)),
    `answer to probe ${id}`,
  );
  const message = frame.kind === 'stateless' ? parseStatelessMessage(serverMessageSchema, frame.payload) : null;
  if (!isAnswer(message)) throw new Error('no answer');
  return Y.decodeStateVector(Buffer.from(message.stateVector, 'base64'));
}
