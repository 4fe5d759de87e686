import type { ChangeRefusal } from '@scriptorium/shared/change-schemas';

/** Ends one operation; it never leaves `applyChanges`. */
export class RefusedChange extends Error {
  readonly reason: ChangeRefusal;

  constructor(reason: ChangeRefusal, detail?: string) {
    super(detail ?? reason);
    this.reason = reason;
  }
}
