import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTable } from '../support/results.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { FLOODS } from './cases/floods.ts';
import { FRAMING } from './cases/framing.ts';
import { NAMES } from './cases/names.ts';
import { PRESENCE } from './cases/presence.ts';
import { REQUESTS } from './cases/requests.ts';
import { UPDATES } from './cases/updates.ts';
import type { Attack } from './support/attack.ts';
import { formatTable } from './support/attack-table.ts';
import { Campaign } from './support/campaign.ts';

/** Attacks wait for closes, and stock servers are given the time to recover. */
const CASE_MS = { timeout: 240_000 };

describe('attacks on this server, and the same on stock Hocuspocus', () => {
  let campaign: Campaign;
  beforeAll(async () => {
    const token = await mintToken({ sub: 'canary' });
    campaign = await Campaign.start({ token, stockPatienceMs: pickSize({ share: 4_000, full: 30_000 }) });
  });
  afterAll(async () => {
    await recordTable('attacks', formatTable(campaign.rows));
    await campaign.dispose();
  });

  const attack = async (it: Attack): Promise<void> => {
    const { problems } = await campaign.run(it);
    expect(problems).toEqual([]);
  };

  it.for(FRAMING)('[ATT50] $name', CASE_MS, attack);
  it.for(UPDATES)('[ATT51] $name', CASE_MS, attack);
  it.for(PRESENCE)('[ATT52] $name', CASE_MS, attack);
  it.for(NAMES)('[ATT53] $name', CASE_MS, attack);
  it.for(FLOODS)('[ATT54] $name', CASE_MS, attack);
  it.for(REQUESTS)('[ATT55] $name', CASE_MS, attack);

  it(
    '[ATT56] after all of that every attacked document loads from the store, with what honest people wrote',
    CASE_MS,
    async () => {
      expect(await campaign.findPoisoned('ours')).toEqual([]);
    },
  );

  it('[ATT56] the same cases find a server that is poisoned, blocked and filled up', CASE_MS, async () => {
    expect(await campaign.findPoisoned('stock')).toContain('structs of length zero');
    const failing = campaign.rows.filter(({ stockFailures }) => stockFailures.length > 0);
    expect(failing.length).toBeGreaterThan(20);
  });
});
