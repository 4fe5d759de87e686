import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { connectByHand, readMetric, signToken, startTestNode } from './test-node.ts';

const MEBIBYTE = 1024 * 1024;
/** More than what the system buffers for two connections, together with the budget. */
const MOST_ROUNDS = 60;

let directory: TemporaryDirectory;
let node: Awaited<ReturnType<typeof startTestNode>>;

beforeAll(async () => {
  directory = createTemporaryDirectory('output-budget');
  node = await startTestNode(directory.path, {
    LIMIT_NODE_OUTPUT_BYTES: String(4 * MEBIBYTE),
    LIMIT_BYTES_BURST: '1000000000',
  });
});

afterAll(async () => {
  await node.stop();
  directory.remove();
});

async function enter() {
  const client = await connectByHand(node.url);
  await client.enter('crowd', await signToken({ sub: 'ada' }));
  return client;
}

/** Updates of a mebibyte each, every one in the place of the one before. */
function createRewrites(): () => Uint8Array {
  const doc = new Y.Doc();
  return () => {
    const before = Y.encodeStateVector(doc);
    doc.getMap('m').set('long', 'x'.repeat(MEBIBYTE));
    return Y.encodeStateAsUpdate(doc, before);
  };
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('close', resolve);
  });
}

describe('many who do not read', () => {
  it('[SOCK260] they are ended together, by a code to come back by, and who reads is not', async () => {
    const [writer, reader] = [await enter(), await enter()];
    const idle = [await enter(), await enter()];
    const ended = idle.map(({ socket }) => closeCode(socket));
    for (const { socket } of idle) socket.pause();
    let largeHeard = 0;
    reader.socket.on('message', (message: Buffer) => {
      if (message.byteLength > MEBIBYTE) largeHeard += 1;
    });
    const rewrite = createRewrites();
    let rounds = 0;
    while ((await readMetric(node, 'outputs_shed_total')) < idle.length) {
      rounds += 1;
      expect(rounds).toBeLessThanOrEqual(MOST_ROUNDS);
      writer.update('crowd', rewrite());
      expect(await writer.until('status', rounds)).toMatchObject({ saved: true });
      await vi.waitFor(() => expect(largeHeard).toBe(rounds), { timeout: 10_000 });
    }
    expect(rounds).toBeGreaterThan(4);
    for (const { socket } of idle) socket.resume();
    expect(await Promise.all(ended)).toEqual(idle.map(() => CLOSE_CODES.slowReader));
    for (const { socket } of [writer, reader]) expect(socket.readyState).toBe(WebSocket.OPEN);
    const back = await enter();
    for (const { socket } of [writer, reader, back]) socket.terminate();
  });
});
