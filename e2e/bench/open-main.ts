/** Entry of the reader that opens documents, a process of its own: takes a plan as JSON argument, prints the milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openHocuspocus } from '../support/hocuspocus-client.ts';

export interface OpenPlan {
  readonly urls: readonly string[];
  readonly token: string;
  /** Opened first at each node, and not timed. */
  readonly warmUp: readonly string[];
  readonly documents: readonly string[];
}

/** What a node does with documents that were closed: it keeps them for 5 s, and then looks whether to compact them. */
const CLOSING_MS = 9_000;

/** What a node does behind an opening is not part of the next one. */
const BETWEEN_MS = 200;

const plan = JSON.parse(process.argv[2] ?? '') as OpenPlan;
process.stdout.write(`${JSON.stringify(await run(plan))}\n`, () => process.exit(0));

async function run({ urls, token, warmUp, documents }: OpenPlan): Promise<readonly number[]> {
  const times: number[] = [];
  for (const url of urls) {
    for (const document of warmUp) await open(url, document, token);
    await sleep(CLOSING_MS);
    // A node that had nothing to do has thrown away what was optimized, with the documents that it was optimized for.
    for (const document of warmUp) await open(url, document, token);
    for (const document of documents) times.push(await open(url, document, token));
    await sleep(CLOSING_MS);
  }
  return times;
}

/** The time until a document is there, one after the other. */
async function open(url: string, document: string, token: string): Promise<number> {
  // A browser's tab does not have to move away the documents that others had open before. A whole collection would also
  // throw away code that is optimized.
  await globalThis.gc?.({ type: 'minor', execution: 'async' });
  const begun = performance.now();
  const client = openHocuspocus({ url, document, token });
  await new Promise<void>((resolve) => client.provider.on('synced', () => resolve()));
  const time = performance.now() - begun;
  client.destroy();
  await sleep(BETWEEN_MS);
  return time;
}
