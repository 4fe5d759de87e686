import { Awareness } from 'y-protocols/awareness';
import type { Doc } from 'yjs';

/** Milliseconds between two announcements of this side's presence. */
export const PRESENCE_PAUSE = 80;

type LocalState = Record<string, unknown> | null;

/** Awareness that announces changes of its own state at most every 80 ms; leaving is announced at once. */
export function createPacedAwareness(document: Doc): Awareness {
  const awareness = new Awareness(document);
  const announce: (state: LocalState) => void = awareness.setLocalState.bind(awareness);
  const readAnnounced: () => LocalState = awareness.getLocalState.bind(awareness);
  let waiting: LocalState = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let announcedAt = -Infinity;

  const announceNow = (state: LocalState): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    waiting = null;
    announcedAt = Date.now();
    announce(state);
  };

  // What waits is the state of now, so that a field set in the meantime joins it.
  awareness.getLocalState = () => waiting ?? readAnnounced();
  awareness.setLocalState = (state: LocalState) => {
    const pause = announcedAt + PRESENCE_PAUSE - Date.now();
    if (state === null || pause <= 0) {
      announceNow(state);
      return;
    }
    waiting = state;
    timer ??= setTimeout(() => {
      announceNow(waiting);
    }, pause);
  };
  return awareness;
}
