import { ERRORS, type ErrorCode } from '@scriptorium/shared/error-codes';
import type { ServerMessage } from '@scriptorium/shared/stateless-messages';
import type { MergedState } from '../rooms/merged-state.ts';

/** What a session's client is told once, though nothing of its edits was refused. */
export interface SessionNotices {
  /** The document is close to the largest size. */
  noteSize(document: Pick<MergedState, 'size' | 'isLarger'>, limit: number): void;
  /** Its presence does not reach the others. */
  notePresence(code: ErrorCode): void;
}

/** Part of the largest size from which on those who write are told. */
const NEARLY_FULL = 0.8;

export function createSessionNotices(tell: (message: ServerMessage) => void): SessionNotices {
  let toldOfSize = false;
  let toldOfPresence = false;
  return {
    noteSize(document, limit) {
      if (toldOfSize || !document.isLarger(limit * NEARLY_FULL)) return;
      toldOfSize = true;
      const { size } = document;
      const code = 'document-large';
      tell({ type: 'scriptorium.notice', code, title: ERRORS[code].title, size, limit });
    },
    notePresence(code) {
      if (toldOfPresence) return;
      toldOfPresence = true;
      tell({ type: 'scriptorium.notice', code, title: ERRORS[code].title });
    },
  };
}
