import { ScriptoriumError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * Runs a call of the client with a deadline over all it does. Whatever the client waits for (a body, a pause that the
 * store asked for, a free connection), its caller waits no longer than this.
 */
export async function callWithin<T>(
  limit: { readonly clock: Clock; readonly deadline: number },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = limit.clock.after(limit.deadline, () => {
    controller.abort();
    reject(new ScriptoriumError('storage-unavailable', 'the object store takes too long'));
  });
  try {
    return await Promise.race([call(controller.signal), late]);
  } finally {
    timer.cancel();
  }
}
