import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { type Client, playScript } from '../support/replay.ts';
import { readCommitted } from '../support/rest-client.ts';
import { recordResult } from '../support/results.ts';
import { type RunningServer, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { FULL } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { TRACE_ROOT, type PersonScript, scriptTrace } from '../support/trace-script.ts';
import { TRACE_NAMES, type Trace, loadTrace } from '../support/traces.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openYWebsocket } from '../support/y-websocket-client.ts';

type Cast = 'hocuspocus' | 'y-websocket' | 'mixed';

const ALL_RUNS = TRACE_NAMES.flatMap((name) =>
  (['hocuspocus', 'y-websocket', 'mixed'] as const).map((cast) => ({ name, cast })),
);
/** On every commit, one recording per kind of client. */
const SHARE_RUNS: typeof ALL_RUNS = [
  { name: 'friendsforever', cast: 'hocuspocus' },
  { name: 'friendsforever', cast: 'y-websocket' },
  { name: 'clownschool', cast: 'mixed' },
];
// The recordings are the load here, so the per-connection limit on keystrokes must not be.
const SERVER_ENV = { LIMIT_UPDATES_PER_SECOND: '100000', LIMIT_UPDATES_BURST: '1000000' };

describe('recorded sessions through the running server', () => {
  let site: ServerSite;
  let server: RunningServer;

  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start({ env: SERVER_ENV });
  });
  afterAll(() => site.dispose());

  it.for(FULL ? ALL_RUNS : SHARE_RUNS)(
    '[ROOM50] $name with $cast clients ends at its recorded text, before and after a restart',
    { timeout: 300_000 },
    async ({ name, cast }) => {
      const trace = await loadTrace(name);
      const scripts = scriptTrace(trace);
      const document = `${name}-${cast}`;
      const token = await mintToken({ sub: 'reader' });

      const startedAt = performance.now();
      const people = await openPeople(scripts, { site, document, cast });
      await Promise.all(people.map((client, index) => playScript(client, at(scripts, index))));
      await waitUntil(() => people.every((client) => readText(client.doc).length === trace.endContent.length), {
        what: 'every document is complete',
        timeoutMs: 30_000,
        seen: () => people.map((client) => readText(client.doc).length).join(', '),
      });
      for (const client of people) expect(readText(client.doc)).toBe(trace.endContent);
      await allCommitted(people, trace, () => readCommitted(site.url, document, token));
      const seconds = (performance.now() - startedAt) / 1000;
      for (const client of people) client.destroy();

      await server.kill();
      server = await site.start({ env: SERVER_ENV });
      const loadedAt = performance.now();
      const fresh = openHocuspocus({ url: site.collabUrl, document, token });
      await fresh.ready();
      expect(readText(fresh.doc)).toBe(trace.endContent);
      fresh.destroy();
      await recordResult(`replay of ${name}, ${cast}`, {
        transactions: trace.txns.length,
        seconds: seconds.toFixed(1),
        'load after restart ms': (performance.now() - loadedAt).toFixed(0),
      });
    },
  );
});

interface Stage {
  readonly site: ServerSite;
  readonly document: string;
  readonly cast: Cast;
}

async function openPeople(scripts: readonly PersonScript[], stage: Stage): Promise<Client[]> {
  const people: Client[] = [];
  for (const { agent, clientId } of scripts) {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    const token = await mintToken({ sub: `person-${agent}` });
    const stock = stage.cast === 'hocuspocus' || (stage.cast === 'mixed' && agent % 2 === 0);
    const { document } = stage;
    people.push(
      stock
        ? openHocuspocus({ url: stage.site.collabUrl, document, token, doc })
        : openYWebsocket({ url: stage.site.yUrl, document, token, doc }),
    );
  }
  for (const client of people) await client.ready();
  return people;
}

/** y-websocket has no acknowledgement, so its people are done when the committed state says so. */
async function allCommitted(people: readonly Client[], trace: Trace, readStored: () => Promise<Y.Doc>): Promise<void> {
  await waitUntil(
    () => people.every((client) => client.kind !== 'hocuspocus' || client.provider.unsyncedChanges === 0),
    {
      what: 'every edit is acknowledged',
      timeoutMs: 30_000,
    },
  );
  if (people.some((client) => client.kind === 'y-websocket')) {
    await waitUntil(async () => readText(await readStored()) === trace.endContent, {
      what: 'the committed state is complete',
      timeoutMs: 30_000,
    });
  }
  expect(readText(await readStored())).toBe(trace.endContent);
}

function readText(doc: Y.Doc): string {
  return doc.getText(TRACE_ROOT).toString();
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}
