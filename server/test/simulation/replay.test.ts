import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { sizeOf, type History } from './history.ts';

const SEEDS = [1, 2, 3, 10, 17, 20];

function toHistory(seed: number, noise = 0): History {
  return { seed, noise, size: sizeOf(seed), plant: null, kept: null };
}

async function digestsOf(histories: readonly History[]): Promise<ReadonlyMap<number, string>> {
  const { reports } = await runCampaign({ histories, mostFailures: Infinity });
  return new Map(reports.map(({ seed, digest }) => [seed, digest]));
}

it('[SIM2] a seed gives the same events, byte by byte, whatever was played before it in the same thread', async () => {
  const forwards = await digestsOf(SEEDS.map((seed) => toHistory(seed)));
  const backwards = await digestsOf(SEEDS.toReversed().map((seed) => toHistory(seed)));
  expect(new Set(forwards.values()).size).toBe(SEEDS.length);
  for (const seed of SEEDS) expect(backwards.get(seed)).toBe(forwards.get(seed));
});

it('[SIM2] other chances give other events', async () => {
  const [one] = (await digestsOf([toHistory(1)])).values();
  const [other] = (await digestsOf([toHistory(1, 1)])).values();
  expect(other).not.toBe(one);
});
