import { isVersionDue, type VersionLimits } from '../core/version-plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentVersions } from '../ports/document-versions.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId, UpdateLog } from '../ports/update-log.ts';
import type { Service } from '../service.ts';

export interface VersionKeeperDeps {
  readonly versions: DocumentVersions;
  readonly log: Pick<UpdateLog, 'readHeads'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly limits: VersionLimits;
}

/**
 * Makes versions by itself, of documents that are open here: after so many rows, after so long, and when the last one
 * leaves. The store lets only one of several nodes do so. A version is a name for a row, so one that was missed is no loss.
 */
export interface VersionKeeper extends Service {
  /** Told of each row that comes into an open document, and (`idle`) when it closes. */
  consider(documentId: DocumentId, idle: boolean): void;
  /** Looks now; true when it made a version. */
  look(documentId: DocumentId): Promise<boolean>;
}

/** What came into an open document since it was last looked at. */
interface Growth {
  rows: number;
  readonly since: number;
}

export function createVersionKeeper(deps: VersionKeeperDeps): VersionKeeper {
  return new Keeper(deps);
}

class Keeper implements VersionKeeper {
  readonly name = 'versions';
  readonly #deps: VersionKeeperDeps;
  readonly #growth = new Map<DocumentId, Growth>();
  readonly #queue = new Set<DocumentId>();
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: VersionKeeperDeps) {
    this.#deps = deps;
  }

  consider(documentId: DocumentId, idle: boolean): void {
    const { clock, limits } = this.#deps;
    if (this.#stopped || (limits.after === 0 && limits.rows === 0)) return;
    const growth = this.#growth.get(documentId) ?? { rows: 0, since: clock.monotonic() };
    if (idle) {
      this.#growth.delete(documentId);
      if (growth.rows === 0) return;
    } else {
      growth.rows += 1;
      this.#growth.set(documentId, growth);
      if (!isVersionDue({ rows: growth.rows, milliseconds: clock.monotonic() - growth.since }, limits)) return;
      this.#growth.delete(documentId);
    }
    this.#queue.add(documentId);
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    for (const documentId of this.#queue) {
      this.#queue.delete(documentId);
      if (this.#stopped) break;
      try {
        await this.look(documentId);
      } catch (error) {
        this.#deps.telemetry.log.warn('version_failed', { documentId }, error);
      }
    }
    this.#running = null;
  }

  async look(documentId: DocumentId): Promise<boolean> {
    const { versions, log, clock, limits } = this.#deps;
    const [head] = await log.readHeads([documentId]);
    if (head === undefined) return false;
    const newest = (await versions.list(documentId, { cursor: null, limit: 1 })).versions[0];
    const now = clock.now();
    const follows = newest?.seq ?? 0;
    // A document without a version is overdue from its first row on.
    const milliseconds = newest === undefined ? Infinity : now - newest.at;
    if (!isVersionDue({ rows: head.head - follows, milliseconds }, limits)) return false;
    return versions.addAutomatic(documentId, { seq: head.head, at: now, follows });
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
