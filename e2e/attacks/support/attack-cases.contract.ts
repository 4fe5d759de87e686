import { expect, it } from 'vitest';
import { FLOODS } from '../cases/floods.ts';
import { FRAMING } from '../cases/framing.ts';
import { NAMES } from '../cases/names.ts';
import { PRESENCE } from '../cases/presence.ts';
import { REQUESTS } from '../cases/requests.ts';
import { UPDATES } from '../cases/updates.ts';
import type { Attack } from './attack.ts';
import type { Campaign } from './campaign.ts';

/** Attacks wait for closes, and stock servers are given the time to recover. */
export const CASE_MS = { timeout: 240_000 };

/** A test for every case that there is; called within a suite that has a campaign. */
export function tryCases(current: () => Campaign): void {
  const attack = async (it: Attack): Promise<void> => {
    const { problems } = await current().run(it);
    expect(problems).toEqual([]);
  };

  it.for(FRAMING)('[ATT50] $name', CASE_MS, attack);
  it.for(UPDATES)('[ATT51] $name', CASE_MS, attack);
  it.for(PRESENCE)('[ATT52] $name', CASE_MS, attack);
  it.for(NAMES)('[ATT53] $name', CASE_MS, attack);
  it.for(FLOODS)('[ATT54] $name', CASE_MS, attack);
  it.for(REQUESTS)('[ATT55] $name', CASE_MS, attack);
}
