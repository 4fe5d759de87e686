import { readFileSync } from 'node:fs';

/**
 * Milliseconds that a process's main thread, or the calling thread, was ready to run and had no processor, since it
 * began: the second figure of the kernel's schedstat. On a machine that is busy with other work that is most of what an
 * innocent client waits for, and says nothing about the server. 0 where the kernel does not count it.
 */
export function readProcessorWait(process: number | 'self'): number {
  const path = process === 'self' ? '/proc/thread-self/schedstat' : `/proc/${process}/task/${process}/schedstat`;
  try {
    return Number(readFileSync(path, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
