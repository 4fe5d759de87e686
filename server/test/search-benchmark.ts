// Prints what indexing and searching cost with the embedded index: `node server/test/search-benchmark.ts [documents]`.
import { parseTenant } from '@scriptorium/shared/document-name';
import { openSqliteSearchIndex } from '../src/adapters/sqlite/search/open-search-index.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import { searchEntry, searchRequest } from './contracts/search-index-fixtures.ts';
import { createRandom } from './support/random.ts';
import { createSilentTelemetry } from './support/silent-telemetry.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';

const documents = Number(process.argv[2] ?? 10_000);
const BLOCKS = 10;
const WORDS_PER_BLOCK = 33;
const random = createRandom(1);

/** A vocabulary in which few words are frequent and most are rare, as in a language. */
const vocabulary = Array.from({ length: 40_000 }, () =>
  Array.from({ length: 3 + random.below(8) }, () => String.fromCharCode(97 + random.below(26))).join(''),
);
const pickWord = (): string =>
  vocabulary[Math.floor(vocabulary.length * (random.below(1_000_000) / 1_000_000) ** 4)] ?? '';
const sentence = (words: number): string => Array.from({ length: words }, pickWord).join(' ');

const directory = createTemporaryDirectory('search-benchmark');
const index = openSqliteSearchIndex({
  directory: directory.path,
  clock: createSystemClock(),
  log: createSilentTelemetry().log,
});
const tenant = parseTenant('bench');
if (tenant === null) throw new Error('not a tenant');

const begun = performance.now();
for (let at = 0; at < documents; at += 50) {
  const batch = Array.from({ length: Math.min(50, documents - at) }, () =>
    searchEntry(tenant, [sentence(4), ...Array.from({ length: BLOCKS }, () => sentence(WORDS_PER_BLOCK))]),
  );
  await index.write(batch);
}
const seconds = (performance.now() - begun) / 1_000;
process.stdout.write(`${documents} documents of about 2 KB indexed in ${seconds.toFixed(1)} s\n`);

const kinds: Readonly<Record<string, () => string>> = {
  'one frequent word': () => `${vocabulary[random.below(20)]} `,
  'one rare word': () => `${pickWord()} `,
  'three words': () => `${pickWord()} ${pickWord()} ${pickWord()} `,
  'a beginning': () => pickWord().slice(0, 3),
  'a mistyped word': () => `${pickWord().slice(1)}x `,
  'a phrase': () => `"${pickWord()} ${pickWord()}"`,
};
for (const [kind, ask] of Object.entries(kinds)) {
  const times: number[] = [];
  for (let round = 0; round < 300; round += 1) {
    const request = searchRequest(tenant, ask());
    const asked = performance.now();
    await index.search(request);
    times.push(performance.now() - asked);
  }
  times.sort((one, other) => one - other);
  const percentile = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  process.stdout.write(
    `${kind.padEnd(18)} p50 ${percentile(0.5)} ms, p95 ${percentile(0.95)} ms, p99 ${percentile(0.99)} ms\n`,
  );
}
await index.close();
directory.remove();
