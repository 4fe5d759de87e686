import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WATCHED } from '../support/held-memory.ts';
import { recordResult } from '../support/results.ts';
import { createSeededRandom } from '../support/seeded-random.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { type AttackTarget, createOwnTarget } from './support/attack-target.ts';
import { fuzzFrames, fuzzPresence } from './support/frame-fuzz.ts';
import { createFuzzGround, type FuzzGround } from './support/fuzz-ground.ts';
import { KEPT_SEEDS } from './support/kept-seeds.ts';
import { createRequestFuzz } from './support/request-fuzz.ts';

const MUTATIONS = pickSize({ share: 500_000, full: 10_000_000 });
/** Seconds of each fuzzer: ten minutes together, a minute in CI. */
const SECONDS = {
  frames: pickSize({ share: 24, full: 240 }),
  presence: pickSize({ share: 12, full: 120 }),
  requests: pickSize({ share: 24, full: 240 }),
};
const LONG = { timeout: 7_200_000 };
/** Nobody is slowed down here: more is tried in the same time. */
const NO_LIMITS = { LIMIT_UPDATES_PER_SECOND: '100000', LIMIT_UPDATES_BURST: '1000000' };

interface MutationOutcome {
  readonly mutations: number;
  readonly accepted: number;
  readonly findings: readonly string[];
}

describe('random bytes', () => {
  const { seed } = createSeededRandom('fuzz');
  let target: AttackTarget;
  let ground: FuzzGround;
  let token: string;
  let worker: Worker;
  let mutations: Promise<MutationOutcome>;

  beforeAll(async () => {
    target = await createOwnTarget({ ...NO_LIMITS, ...WATCHED });
    await target.start();
    ground = createFuzzGround(target);
    token = await mintToken({ sub: 'fuzzer', role: 'editor' });
    // In a thread beside the fuzzers, which mostly wait for the server.
    const kept = KEPT_SEEDS.updates.map((it) => ({ seed: it, count: 5_000 }));
    const workerData = { runs: [...kept, { seed, count: MUTATIONS }] };
    worker = new Worker(new URL('support/update-fuzz-worker.ts', import.meta.url), { workerData });
    mutations = once(worker, 'message').then(([outcome]) => outcome as MutationOutcome);
    mutations.catch(() => {});
  });
  afterAll(async () => {
    await worker.terminate();
    await target.dispose();
  });

  /** Runs kept seeds and then new ones until the time is over or something is found. */
  async function fuzz(
    name: 'frames' | 'presence' | 'requests',
    run: (seed: number) => Promise<readonly string[]>,
  ): Promise<{ readonly seeds: number; readonly findings: readonly string[] }> {
    const deadline = performance.now() + 1_000 * SECONDS[name];
    const seeds = [...KEPT_SEEDS[name]];
    for (let done = 0; ; done += 1) {
      const next = seeds[done] ?? seed + done;
      const found = [...(await run(next)), ...(await ground.look())];
      if (found.length > 0) return { seeds: done + 1, findings: [`seed ${next}`, ...found] };
      if (done >= seeds.length && performance.now() > deadline) return { seeds: done + 1, findings: [] };
    }
  }

  it('[ATT59] mutated frames of clients, over sockets, cost nobody but their sender anything', LONG, async () => {
    let frames = 0;
    const { seeds, findings } = await fuzz('frames', async (next) => {
      frames += await fuzzFrames({ url: target.collabUrl, token }, next);
      return [];
    });
    await recordResult('fuzz: frames', { seed, seeds, frames, findings: findings.length });
    expect(findings).toEqual([]);
  });

  it('[ATT59] mutated presence reaches others as presence or not at all', LONG, async () => {
    const place = { url: target.collabUrl, token };
    const { seeds, findings } = await fuzz('presence', (next) => fuzzPresence(place, next));
    await recordResult('fuzz: presence', { seed, seeds, findings: findings.length });
    expect(findings).toEqual([]);
  });

  it(
    '[ATT60] requests that are made from the description of the API are answered, and never with 5xx',
    LONG,
    async () => {
      const requests = await createRequestFuzz(`http://127.0.0.1:${target.port}`);
      // Enough to have used every ability once.
      for (let first = 0; first < 12; first += 1) await requests.run(first);
      await ground.settle();
      const { seeds, findings } = await fuzz('requests', requests.run);
      const inside = await ground.lookInside();
      const statuses = [...requests.statuses]
        .toSorted(([a], [b]) => a - b)
        .map(([status, count]) => `${count} × ${status}`);
      await recordResult('fuzz: requests', {
        seed,
        seeds,
        requests: requests.requests,
        answers: statuses.join(' '),
        'held MB more': inside.held.toFixed(1),
        findings: findings.length,
      });
      expect([...findings, ...inside.findings]).toEqual([]);
      // Nothing is shown by requests that all stop at the door.
      expect(requests.statuses.get(200) ?? 0).toBeGreaterThan(0);
    },
  );

  it('[ATT59] after all of that every document can be read from the store', LONG, async () => {
    expect(await ground.reload()).toEqual([]);
  });

  it('[ATT1] no mutation of an honest update throws behind the gate', LONG, async () => {
    const outcome = await mutations;
    const { mutations: tried, accepted, findings } = outcome;
    await recordResult('fuzz: updates', { seed, mutations: tried, accepted, findings: findings.length });
    expect(findings).toEqual([]);
    expect(outcome.mutations).toBeGreaterThanOrEqual(MUTATIONS);
    expect(outcome.accepted).toBeGreaterThan(MUTATIONS / 50);
  });
});
