import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of the young generation, of which half is in use at a time; a little less than its two halves of 8 MiB. */
const ENOUGH = 16e6;
/** MiB of a thread's half from its start. */
const THREAD_HALF = 8;

/**
 * Lets V8 grow the young generation of this process, which stood still while the program loaded, up to two halves of 8 MiB
 * and no further. By itself it grows to two halves of 32 MiB under load, keeps as much again in a pool when it shrinks, and
 * so holds 130 MB that nothing is in. Its largest size can be given on the command line only, which is not ours to write;
 * how much it grows by can be set at any time, and it grows in a collection only. Costs nothing where nothing is collected.
 *
 * That setting is one for all threads, so one that starts once the main thread has its size could never grow: with halves of
 * 1 MiB it would collect all the time, and keep for long what is of no use a moment later. They begin with the size that
 * they may have (`resourceLimits`), of which pages are taken as they are used.
 */
export function boundYoungGeneration(): void {
  setFlagsFromString(`--min-semi-space-size=${THREAD_HALF}`);
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
