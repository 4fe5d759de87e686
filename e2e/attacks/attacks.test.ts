import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTable } from '../support/results.ts';
import { pickSize } from '../support/sizes.ts';
import { mintToken } from '../support/tokens.ts';
import { formatTable } from './support/attack-table.ts';
import { Campaign } from './support/campaign.ts';
import { CASE_MS, tryCases } from './support/attack-cases.contract.ts';

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

  tryCases(() => campaign);

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
