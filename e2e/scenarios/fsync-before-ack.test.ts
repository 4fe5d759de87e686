import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FRAME_TYPE } from '@scriptorium/shared/frame-types';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type TracedEdit, type Violation, findViolations } from '../support/durability-check.ts';
import { encodeFrame, updateFrame } from '../support/frames.ts';
import { connectRaw, joinRaw } from '../support/raw-client.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { skipWithout } from '../support/skip-without.ts';
import { hasStrace, readSystemCalls, straceCommand } from '../support/system-call-trace.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';

const DOCUMENT = 'traced';
const EDITS = 25;
const STATUS_FRAME = encodeFrame(DOCUMENT, FRAME_TYPE.syncStatus, (encoder) => encoding.writeVarUint(encoder, 1));

describe.skipIf(skipWithout('strace', hasStrace()))('system calls around an acknowledgement', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scriptorium-strace-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('[ACK52] the log is synced before the acknowledgement is written to the socket', { timeout: 90_000 }, async () => {
    const violations = await traceEdits(join(directory, 'honest'), { noSync: false });
    expect(Object.fromEntries(violations)).toEqual({});
  });

  it('[ACK53] with the sync made a no-op the same check finds every edit', { timeout: 90_000 }, async () => {
    const violations = await traceEdits(join(directory, 'no-sync'), { noSync: true });
    expect([...violations.values()]).toEqual(Array<Violation>(EDITS).fill('not synced before the acknowledgement'));
  });
});

/** Runs a server under strace, makes edits one after the other, and checks the trace. */
async function traceEdits(traceFile: string, options: { readonly noSync: boolean }): Promise<Map<string, Violation>> {
  const site = await createServerSite();
  try {
    const server = await site.start({ wrapper: straceCommand(traceFile, options), readyTimeoutMs: 60_000 });
    const client = await connectRaw(site.collabUrl);
    await joinRaw(client, DOCUMENT, await mintToken({ sub: 'ada' }));
    const edits: TracedEdit[] = [];
    const doc = new Y.Doc();
    doc.on('update', (update: Uint8Array) => client.send(updateFrame(DOCUMENT, update)));
    for (let index = 0; index < EDITS; index += 1) {
      const statusIndex = client.count('sync-status');
      const marker = `marker-${index}-of-the-trace.`;
      edits.push({ marker, statusIndex });
      doc.getText('text').insert(0, marker);
      await waitUntil(() => client.count('sync-status') > statusIndex, { what: `acknowledgement ${index}` });
    }
    await client.close();
    await server.kill();
    await waitUntil(async () => /killed by SIGKILL/.test(await readFile(traceFile, 'latin1')), {
      what: 'the trace is complete',
    });
    return findViolations(await readSystemCalls(traceFile), edits, STATUS_FRAME);
  } finally {
    await site.dispose();
  }
}
