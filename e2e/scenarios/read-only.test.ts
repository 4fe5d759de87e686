import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_TYPE, SYNC_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { honestUpdate } from '../support/bad-updates.ts';
import {
  authFrame,
  encodeFrame,
  handshakeFrames,
  statelessFrame,
  step1Frame,
  step2Frame,
  syncReplyFrame,
  updateFrame,
} from '../support/frames.ts';
import { type RawClient, connectRaw, joinRaw } from '../support/raw-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openYWebsocket } from '../support/y-websocket-client.ts';

const DOCUMENT = 'read-only';
const ORIGINAL = 'what the owner wrote';
const INTRUSION = 'what a reader wrote';
const SETTLE_MS = 300;
const SESSION_ADDRESS = `${DOCUMENT}\0session`;

/** Every way a session could try to bring bytes in. */
const ATTEMPTS: readonly { readonly name: string; readonly frame: Uint8Array }[] = [
  { name: 'Update', frame: updateFrame(DOCUMENT, honestUpdate(INTRUSION)) },
  { name: 'SyncStep2', frame: step2Frame(DOCUMENT, honestUpdate(INTRUSION)) },
  { name: 'SyncReply with SyncStep2', frame: reply(SYNC_TYPE.step2) },
  { name: 'SyncReply with Update', frame: reply(SYNC_TYPE.update) },
  { name: 'Update under a session address', frame: updateFrame(SESSION_ADDRESS, honestUpdate(INTRUSION)) },
  { name: 'Stateless', frame: statelessFrame(DOCUMENT, INTRUSION) },
  { name: 'BroadcastStateless', frame: statelessFrame(DOCUMENT, INTRUSION, FRAME_TYPE.broadcastStateless) },
  {
    name: 'SyncStatus',
    frame: encodeFrame(DOCUMENT, FRAME_TYPE.syncStatus, (encoder) => encoding.writeVarUint(encoder, 1)),
  },
];

describe('a session that may only read', () => {
  let site: ServerSite;
  let owner: string;
  let viewer: string;
  let witness: RawClient;

  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
    owner = await mintToken({ sub: 'owner' });
    viewer = await mintToken({ sub: 'viewer', role: null, documents: { [DOCUMENT]: 'viewer' } });
    witness = await connectRaw(site.collabUrl);
    await joinRaw(witness, DOCUMENT, owner);
    witness.send(updateFrame(DOCUMENT, honestUpdate(ORIGINAL)));
    await waitUntil(() => witness.count('sync-status') === 2, { what: 'the original is stored' });
  });
  afterAll(() => site.dispose());

  async function expectUntouched(): Promise<void> {
    await sleep(SETTLE_MS);
    const stored = await readCommitted(site.url, DOCUMENT, owner);
    expect(stored.getText('text').toString()).toBe(ORIGINAL);
    expect(witness.readText('text')).not.toContain(INTRUSION);
    expect(witness.frames.filter((frame) => frame.kind === 'stateless')).toEqual([]);
  }

  it.for(ATTEMPTS)('[AUTH53] cannot write by $name', async ({ frame }) => {
    const reader = await connectRaw(site.collabUrl);
    reader.send(authFrame(DOCUMENT, viewer), step1Frame(DOCUMENT));
    await reader.waitForFrame((it) => it.kind === 'step2', 'the reader can read');
    expect(reader.readText('text')).toBe(ORIGINAL);
    reader.send(frame);
    await expectUntouched();
    expect(reader.frames.some((it) => it.kind === 'sync-status' && it.applied)).toBe(false);
    reader.socket.terminate();
  });

  it.for(ATTEMPTS)('[AUTH54] cannot write by $name sent right behind the token', async ({ frame }) => {
    const reader = await connectRaw(site.collabUrl);
    reader.send(authFrame(DOCUMENT, viewer), step1Frame(DOCUMENT), frame);
    await waitUntil(() => reader.end !== null || reader.count('step2') > 0, { what: 'an answer' });
    await expectUntouched();
    reader.socket.terminate();
  });

  it('[AUTH55] is told with a negative acknowledgement and stays connected', async () => {
    const reader = await connectRaw(site.collabUrl);
    reader.send(...handshakeFrames(DOCUMENT, viewer), updateFrame(DOCUMENT, honestUpdate(INTRUSION)));
    await reader.waitForFrame((it) => it.kind === 'sync-status' && !it.applied, 'negative acknowledgement');
    const scope = await reader.waitForFrame((it) => it.kind === 'authenticated', 'the answer to the token');
    expect(scope).toMatchObject({ scope: 'readonly' });
    await sleep(SETTLE_MS);
    expect(reader.end).toBeNull();
    reader.socket.terminate();
  });

  it('[AUTH56] cannot write with y-websocket', async () => {
    const reader = openYWebsocket({ url: site.yUrl, document: DOCUMENT, token: viewer });
    await reader.ready();
    expect(reader.doc.getText('text').toString()).toBe(ORIGINAL);
    reader.doc.getText('text').insert(0, INTRUSION);
    await expectUntouched();
    reader.destroy();
  });

  it('[AUTH57] does not create a document by opening it', async () => {
    const reader = await connectRaw(site.collabUrl);
    const token = await mintToken({ sub: 'viewer', role: 'viewer' });
    reader.send(authFrame('never-made', token), step1Frame('never-made'));
    await waitUntil(() => reader.end !== null || reader.frames.length > 0, { what: 'an answer' });
    await sleep(SETTLE_MS);
    const answer = await fetch(`${site.url}/v1/documents/never-made`, {
      headers: { authorization: `Bearer ${owner}` },
    });
    expect(answer.status).toBe(404);
    reader.socket.terminate();
  });
});

function reply(subType: number): Uint8Array {
  return syncReplyFrame(DOCUMENT, subType, honestUpdate(INTRUSION));
}
