import { CLOSE_CODES } from '@scriptorium/shared/close-codes';
import { SYNC_TYPE } from '@scriptorium/shared/frame-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORBIDDEN_UPDATES, MALFORMED_UPDATES, honestUpdate } from '../support/bad-updates.ts';
import {
  type Frame,
  authFrame,
  handshakeFrames,
  step1Frame,
  step2Frame,
  syncReplyFrame,
  updateFrame,
} from '../support/frames.ts';
import { connectRaw } from '../support/raw-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil, withDeadline } from '../support/wait-until.ts';

describe('frames behind a token that is not answered yet', () => {
  let site: ServerSite;
  let server: RunningServer;
  let token: string;
  let documents = 0;

  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start();
    token = await mintToken({ sub: 'mallory' });
  });
  afterAll(() => site.dispose());

  function nextDocument(): string {
    documents += 1;
    return `bypass-${documents}`;
  }

  it('[SOCK50] an honest update behind the token is acknowledged and stored', async () => {
    const document = nextDocument();
    const client = await connectRaw(site.collabUrl);
    client.send(...handshakeFrames(document, token), updateFrame(document, honestUpdate('early')));
    await waitUntil(() => client.count('sync-status') === 2, { what: 'both acknowledgements' });
    expect(client.frames.filter(isStatus).map(isApplied)).toEqual([true, true]);
    expect(await storedText(document)).toBe('early');
    await client.close();
  });

  it.for(MALFORMED_UPDATES)('[GATE50] behind the token, $name is refused like any other', async ({ bytes }) => {
    const document = nextDocument();
    const client = await connectRaw(site.collabUrl);
    client.send(
      ...handshakeFrames(document, token),
      updateFrame(document, honestUpdate('before')),
      updateFrame(document, bytes),
      updateFrame(document, honestUpdate('after')),
    );
    const end = await withDeadline(client.ended, { what: 'close after malformed bytes' });
    expect(end.code).toBe(CLOSE_CODES.protocolViolation);
    // Acknowledgements in front of it may or may not have been due by then; behind it there is none.
    const statuses = client.frames.filter(isStatus).map(isApplied);
    expect(statuses.filter((applied) => !applied)).toHaveLength(1);
    expect(statuses.at(-1)).toBe(false);
    await waitUntil(async () => (await storedText(document)) !== '', { what: 'what came before it is stored' });
    expect(await storedText(document)).toBe('before');
  });

  it('[GATE51] a malformed SyncStep2 behind the token is refused like an update', async () => {
    for (const { bytes } of MALFORMED_UPDATES) {
      const document = nextDocument();
      const client = await connectRaw(site.collabUrl);
      client.send(authFrame(document, token), step1Frame(document), step2Frame(document, bytes));
      const end = await withDeadline(client.ended, { what: 'close after a malformed SyncStep2' });
      expect(end.code).toBe(CLOSE_CODES.protocolViolation);
      expect(client.frames.filter(isStatus).some(isApplied)).toBe(false);
      expect(await storedText(document)).toBe('');
    }
  });

  it('[GATE52] a reply frame is no way around the gate', async () => {
    const document = nextDocument();
    const client = await connectRaw(site.collabUrl);
    const bad = MALFORMED_UPDATES[2]?.bytes ?? new Uint8Array();
    client.send(authFrame(document, token), step1Frame(document), syncReplyFrame(document, SYNC_TYPE.update, bad));
    await withDeadline(client.ended, { what: 'close after a malformed reply' });
    expect(await storedText(document)).toBe('');
  });

  it.for(FORBIDDEN_UPDATES)(
    '[GATE53] behind the token, $name makes the session read-only and leaves it open',
    async ({ bytes }) => {
      const document = nextDocument();
      const client = await connectRaw(site.collabUrl);
      client.send(
        ...handshakeFrames(document, token),
        updateFrame(document, bytes),
        updateFrame(document, honestUpdate('later')),
      );
      await waitUntil(() => client.count('sync-status') === 3, { what: 'three acknowledgements' });
      expect(client.frames.filter(isStatus).map(isApplied)).toEqual([true, false, false]);
      expect(client.end).toBeNull();
      expect(await storedText(document)).toBe('');
      await client.close();
    },
  );

  it('[AUTH50] frames behind a bad token reach nothing', async () => {
    const document = nextDocument();
    const client = await connectRaw(site.collabUrl);
    const forged = await mintToken({ sub: 'mallory', secret: 'another-secret-another-secret-another-secret' });
    client.send(authFrame(document, forged), step1Frame(document), updateFrame(document, honestUpdate('forged')));
    await waitUntil(() => client.end !== null || client.count('permission-denied') > 0, { what: 'refusal' });
    expect(client.count('authenticated') + client.count('step2')).toBe(0);
    expect(client.frames.filter(isStatus).some(isApplied)).toBe(false);
    expect(await storedText(document)).toBe('');
    client.socket.terminate();
  });

  it('[AUTH51] frames in front of the token reach nothing', async () => {
    const document = nextDocument();
    const client = await connectRaw(site.collabUrl);
    client.send(updateFrame(document, honestUpdate('in front')), authFrame(document, token), step1Frame(document));
    await waitUntil(() => client.end !== null || client.count('step2') > 0, { what: 'an answer' });
    expect(client.frames.filter(isStatus).some(isApplied)).toBe(false);
    expect(await storedText(document)).toBe('');
    client.socket.terminate();
  });

  it('[GATE55] a flood of malformed bytes is a handful of log lines, and none tells what was written', async () => {
    const linesBefore = server.output().split('\n').length;
    for (let round = 0; round < 40; round += 1) {
      const document = nextDocument();
      const client = await connectRaw(site.collabUrl);
      client.send(
        ...handshakeFrames(document, token),
        updateFrame(document, honestUpdate('confidential')),
        updateFrame(document, Uint8Array.of(1, 2, 3)),
      );
      await withDeadline(client.ended, { what: 'close' });
    }
    const output = server.output();
    expect(output).toMatch(/malformed/);
    expect(output.split('\n').length - linesBefore).toBeLessThanOrEqual(10);
    expect(output).not.toContain('confidential');
    expect(output).not.toContain(token);
  });

  it('[GATE54] after all of that every document still loads from disk', { timeout: 60_000 }, async () => {
    await server.kill();
    server = await site.start();
    for (let index = 1; index <= documents; index += 1) {
      const document = `bypass-${index}`;
      const client = await connectRaw(site.collabUrl);
      client.send(authFrame(document, token), step1Frame(document));
      await client.waitForFrame((frame) => frame.kind === 'step2', `${document} loads`);
      await client.close();
    }
  });

  async function storedText(document: string): Promise<string> {
    const doc = await readCommitted(site.url, document, token);
    return doc.getText('text').toString();
  }
});

function isStatus(frame: Frame): boolean {
  return frame.kind === 'sync-status';
}

function isApplied(frame: Frame): boolean {
  return frame.kind === 'sync-status' && frame.applied;
}
