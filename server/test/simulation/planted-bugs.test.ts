import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { sizeOf, type History } from './history.ts';
import { PLANTS, type Plant } from './plants.ts';

/** Seeds within which each planted bug must be found. */
const WITHIN = 320;

function toHistory(seed: number, plant: Plant | null): History {
  return { seed, noise: 0, size: sizeOf(seed), plant, kept: null };
}

it.each(PLANTS)(
  '[SIM3] a planted bug is found, and where it was found nothing is without it: %s',
  async (plant) => {
    const histories = Array.from({ length: WITHIN }, (_, index) => toHistory(index + 1, plant));
    const { failures } = await runCampaign({ histories });
    expect(failures.length).toBeGreaterThan(0);
    const same = failures.map(({ history }) => toHistory(history.seed, null));
    const { reports } = await runCampaign({ histories: same });
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  },
  600_000,
);
