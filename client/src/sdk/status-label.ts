import type { SaveStatus } from './save-status.ts';

/** The status in a few words, for people. */
export function labelSaveStatus(status: SaveStatus): string {
  switch (status.kind) {
    case 'saved':
      return 'Saved';
    case 'saving':
      return 'Saving…';
    case 'offline':
      return status.kept === 0
        ? 'Offline, changes not kept yet'
        : `Offline, ${countChanges(status.kept)} kept on this device`;
    case 'refused':
      return 'Refused';
  }
}

/** "1 change", "3 changes". */
export function countChanges(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`;
}
