import type { AccessHints } from '../../ports/access-hints.ts';

/** Hints between the parts of one process; they arrive in a later microtask. */
export function createInProcessAccessHints(
  deps: { readonly onHandlerError?: (error: unknown) => void } = {},
): AccessHints {
  const handlers = new Set<(revision: number) => void>();
  return {
    publish(revision) {
      queueMicrotask(() => {
        for (const handler of handlers) {
          try {
            handler(revision);
          } catch (error) {
            deps.onHandlerError?.(error);
          }
        }
      });
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}
