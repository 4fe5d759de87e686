import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of the young generation, of which half is in use at a time; a little less than its two halves of 8 MiB. */
const ENOUGH = 16e6;

/**
 * Lets V8 grow the young generation of this process, which stood still while the program loaded, up to two halves of 8 MiB
 * and no further. By itself it grows to two halves of 32 MiB under load, keeps as much again in a pool when it shrinks, and
 * so holds 130 MB that nothing is in. Its largest size can be given on the command line only, which is not ours to write;
 * how much it grows by can be set at any time, and it grows in a collection only. Costs nothing where nothing is collected.
 */
export function boundYoungGeneration(): void {
  let factor = 1;
  const adapt = (): void => {
    const size = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
    const next = size >= ENOUGH ? 1 : 2;
    if (next === factor) return;
    factor = next;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  };
  adapt();
  new PerformanceObserver(adapt).observe({ entryTypes: ['gc'] });
}
