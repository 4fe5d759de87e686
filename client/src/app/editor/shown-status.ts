import type { SaveStatus } from '../../sdk/save-status.ts';

/** Milliseconds before "Saved" gives way to "Saving…": what is confirmed sooner was never worth a word. */
export const QUIET = 400;

/**
 * Passes statuses on, but holds the step from saved to saving back for 400 ms, unless it is urgent: the page is about to
 * stand still. Bad news is never held back, and saved is never shown before it is true.
 */
export function createStatusFilter(show: (status: SaveStatus) => void): {
  readonly push: (status: SaveStatus, urgent?: boolean) => void;
  readonly stop: () => void;
} {
  let shown: SaveStatus['kind'] = 'saved';
  let latest: SaveStatus | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const showNow = (status: SaveStatus): void => {
    stop();
    shown = status.kind;
    show(status);
  };
  return {
    push: (status, urgent = false) => {
      latest = status;
      if (status.kind !== 'saving' || shown !== 'saved' || urgent) {
        showNow(status);
        return;
      }
      timer ??= setTimeout(() => {
        if (latest !== null) showNow(latest);
      }, QUIET);
    },
    stop,
  };
}
