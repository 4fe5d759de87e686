import type { SaveStatus } from '../../sdk/save-status.ts';
import { labelSaveStatus } from '../../sdk/status-label.ts';

/** Milliseconds that a lost connection may last before it is told: what is kept on this device settles meanwhile. */
export const SETTLE = 1_000;

/** What somebody who hears the page was told last. */
type Told = 'fine' | 'not-kept' | 'kept' | 'refused';

function classify(status: SaveStatus): Told | 'on-its-way' {
  switch (status.kind) {
    case 'saved':
      return 'fine';
    case 'saving':
      return 'on-its-way';
    case 'refused':
      return 'refused';
    case 'offline':
      return status.kept === 0 ? 'not-kept' : 'kept';
  }
}

/**
 * Says each turn of the status in words, once: refused and saved again at once; offline, and whether that is kept on
 * this device, when it has lasted a second. Saving is no news.
 */
export function createStatusNews(say: (text: string) => void): {
  readonly push: (status: SaveStatus) => void;
  readonly stop: () => void;
} {
  let told: Told = 'fine';
  let latest: SaveStatus | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const tell = (): void => {
    stop();
    const state = latest === null ? 'on-its-way' : classify(latest);
    if (latest === null || state === 'on-its-way' || state === told) return;
    told = state;
    say(labelSaveStatus(latest));
  };
  return {
    push: (status) => {
      latest = status;
      const state = classify(status);
      if (state === 'on-its-way' || state === told) return;
      if (state === 'not-kept' || state === 'kept') timer ??= setTimeout(tell, SETTLE);
      else tell();
    },
    stop,
  };
}
