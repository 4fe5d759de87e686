import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until the condition holds; throws after a time that is long even on a busy machine. */
export async function waitUntil(what: string, holds: () => boolean | Promise<boolean>, within = 20_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`in vain waited until ${what}`);
    await sleep(5);
  }
}
