import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { startCluster } from './support/cluster.ts';
import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { type Client, playScript } from '../support/replay.ts';
import { callRest, readField } from '../support/rest-client.ts';
import { recordResult } from '../support/results.ts';
import { createServerSite } from '../support/scriptorium-server.ts';
import { FULL } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { TRACE_ROOT, scriptTrace } from '../support/trace-script.ts';
import { loadTrace } from '../support/traces.ts';

const DOCUMENT = 'recorded';
const ENV = { LIMIT_UPDATES_PER_SECOND: '100000', LIMIT_UPDATES_BURST: '1000000' };
/** What is promised, and what a machine that others use at the same time is given. */
const LIMIT = FULL ? 2_000 : 20_000;
const GIVE_UP = 30_000;
/** Edits of the recording that are replayed, and milliseconds that everybody pauses after so many of their own. */
const EDITS = FULL ? Infinity : 4_000;
const PAUSE = { every: 50, milliseconds: 50 } as const;

/** Nodes that serve one document: where people write, and where the searchers ask. */
interface Nodes {
  readonly collabUrls: readonly string[];
  readonly urls: readonly string[];
  dispose(): Promise<void>;
}

async function startOne(): Promise<Nodes> {
  const site = await createServerSite();
  await site.start({ env: ENV });
  return { collabUrls: [site.collabUrl], urls: [site.url], dispose: () => site.dispose() };
}

async function startThree(): Promise<Nodes> {
  const cluster = await startCluster({ env: ENV });
  return {
    collabUrls: cluster.nodes.map((node) => node.collabUrl),
    urls: cluster.nodes.map((node) => node.url),
    dispose: () => cluster.dispose(),
  };
}

describe('a recorded session while somebody searches', () => {
  let nodes: Nodes;
  afterEach(() => nodes.dispose());

  const sizes = [
    { count: 1, start: startOne },
    { count: 3, start: startThree },
  ] as const;
  it.for(sizes)(
    '[FIND59] its latest words are found, on $count nodes',
    { timeout: 300_000 },
    async ({ count, start }) => {
      nodes = await start();
      const trace = await loadTrace('friendsforever');
      const scripts = scriptTrace({ ...trace, txns: trace.txns.slice(0, EDITS) });
      const people: Client[] = [];
      for (const [at, { agent, clientId }] of scripts.entries()) {
        const doc = new Y.Doc();
        doc.clientID = clientId;
        const url = nodes.collabUrls[at % nodes.collabUrls.length] ?? '';
        people.push(
          openHocuspocus({ url, document: DOCUMENT, token: await mintToken({ sub: `person-${agent}` }), doc }),
        );
      }
      for (const client of people) await client.ready();
      let playing = true;
      const played = Promise.all(people.map((client, at) => playPaced(client, scripts[at]))).finally(() => {
        playing = false;
      });
      const times = (
        await Promise.all(nodes.urls.map((url) => searchMeanwhile(url, people[0]?.doc ?? new Y.Doc(), () => playing)))
      ).flat();
      await played;
      for (const client of people) client.destroy();
      const sorted = times.toSorted((one, other) => one - other);
      const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Infinity;
      await recordResult(`search of a replay on ${count} nodes`, {
        words: sorted.length,
        'p50 ms': (sorted[sorted.length >> 1] ?? 0).toFixed(0),
        'p95 ms': p95.toFixed(0),
      });
      expect(sorted.length).toBeGreaterThan(FULL ? 20 : 2);
      expect(p95).toBeLessThan(LIMIT);
    },
  );
});

/** Plays a part in pieces, so that there is time to look for its words. */
async function playPaced(client: Client, script: Parameters<typeof playScript>[1] | undefined): Promise<void> {
  if (script === undefined) return;
  for (let from = 0; from < script.steps.length; from += PAUSE.every) {
    await playScript(client, { ...script, steps: script.steps.slice(from, from + PAUSE.every) });
    await sleep(PAUSE.milliseconds);
  }
}

/** Looks again and again for the words that were written last; milliseconds for each that was found. */
async function searchMeanwhile(url: string, doc: Y.Doc, isPlaying: () => boolean): Promise<readonly number[]> {
  const token = await mintToken({ sub: 'searcher' });
  const times: number[] = [];
  let before = '';
  while (isPlaying()) {
    const text = doc.getText(TRACE_ROOT).toString();
    const phrase = findNewWords(before, text);
    before = text;
    const took = phrase === null ? null : await lookFor({ url, token, doc }, phrase);
    if (took !== null) times.push(took);
    await sleep(100);
  }
  return times;
}

/** Three words in a row that were not in the text a moment ago. */
function findNewWords(before: string, after: string): string | null {
  const found = after.match(/(?<![\p{L}\p{N}])[a-z]{3,}(?: [a-z]{2,}){2}(?=[ .,])/giu) ?? [];
  return found.filter((words) => !holdsWords(before, words)).at(-1) ?? null;
}

/** Whether the words stand there as words: while the last one is typed on, it is still there as letters only. */
function holdsWords(text: string, words: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}])${words}(?![\\p{L}\\p{N}])`, 'u').test(text);
}

/** `null` when the words were changed before anybody could find them. */
async function lookFor(
  { url, token, doc }: { readonly url: string; readonly token: string; readonly doc: Y.Doc },
  phrase: string,
): Promise<number | null> {
  const begun = performance.now();
  let last: unknown = null;
  while (performance.now() - begun < GIVE_UP) {
    const { status, body } = await callRest(`${url}/v1/search`, { method: 'POST', token, body: { q: `"${phrase}"` } });
    if ((readField(body, 'hits') as readonly unknown[] | undefined)?.length === 1) return performance.now() - begun;
    last = { status, body };
    if (!holdsWords(doc.getText(TRACE_ROOT).toString(), phrase)) return null;
    await sleep(25);
  }
  throw new Error(`“${phrase}” was not found in ${GIVE_UP} ms; the last answer was ${JSON.stringify(last)}`);
}
