import type { Child } from './child-process.ts';
import { waitUntil } from './wait-until.ts';

/** The environment of a server that can be asked what it holds. */
export const WATCHED = {
  NODE_OPTIONS: `--expose-gc --import ${new URL('held-memory-preload.mjs', import.meta.url).href}`,
} as const;

const TOLD = /^held (\d+) (\d+)$/gm;

/**
 * What the main thread of a watched server holds, in MB: its heap, and buffers outside it, once everything that nobody
 * refers to is collected. Resident memory, besides, holds room that V8 and the allocator keep for what comes next.
 */
export async function readHeldMegabytes(child: Child): Promise<number> {
  const before = lastTold(child).number;
  child.signal('SIGUSR2');
  await waitUntil(() => lastTold(child).number > before, {
    what: 'the server tells what it holds',
    timeoutMs: 20_000,
    seen: () => child.output(),
  });
  return lastTold(child).bytes / 1e6;
}

/** The last answer, and the how manieth it was. */
function lastTold(child: Child): { readonly number: number; readonly bytes: number } {
  const [, number, bytes] = [...child.output().matchAll(TOLD)].at(-1) ?? [];
  return { number: Number(number ?? 0), bytes: Number(bytes ?? 0) };
}
