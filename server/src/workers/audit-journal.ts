import type { Tenant } from '@scriptorium/shared/document-name';
import type { AuditJournal } from '../ports/audit-journal.ts';
import type { AuditEntry, AuditLog } from '../ports/audit-log.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { inBackground, type Service, withDeadline } from '../service.ts';

export interface AuditJournalDeps {
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** The journal of one node, which writes down what it took note of. */
export interface WritingJournal extends AuditJournal, Service {
  /** Writes down what there is, now. Never throws: what could not be written is kept for the next time. */
  flush(): Promise<void>;
}

const INTERVAL = 1_000;
/** Different notes that one tenant may have waiting; more are only counted, so that nobody fills the memory. */
const NOTES_PER_TENANT = 2_000;
const TENANTS = 1_000;
const ROWS_PER_APPEND = 500;

interface Pending {
  readonly notes: Map<string, { readonly entry: AuditEntry; times: number }>;
  /** Notes that were not kept, and when the last one came. */
  lost: number;
  lostAt: number;
}

/** Gathers notes for a second, so that a storm of logins is a few appends, and equal ones are one row. */
export function createAuditJournal(deps: AuditJournalDeps): WritingJournal {
  return new BatchingJournal(deps);
}

class BatchingJournal implements WritingJournal {
  readonly name = 'audit-journal';
  readonly #deps: AuditJournalDeps;
  #pending = new Map<Tenant, Pending>();
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;

  constructor(deps: AuditJournalDeps) {
    this.#deps = deps;
  }

  note(tenant: Tenant, entry: AuditEntry): void {
    const pending = this.#pendingOf(tenant);
    if (pending === null) return this.#countLost(1);
    const { user, action, document, subject, detail } = entry;
    const key = JSON.stringify([user, action, document, subject, detail]);
    const known = pending.notes.get(key);
    if (known !== undefined) known.times += 1;
    else if (pending.notes.size < NOTES_PER_TENANT) pending.notes.set(key, { entry, times: 1 });
    else {
      pending.lost += 1;
      pending.lostAt = entry.at;
      this.#countLost(1);
    }
    this.#arm();
  }

  #pendingOf(tenant: Tenant): Pending | null {
    const known = this.#pending.get(tenant);
    if (known !== undefined) return known;
    if (this.#pending.size >= TENANTS) return null;
    const made: Pending = { notes: new Map(), lost: 0, lostAt: 0 };
    this.#pending.set(tenant, made);
    return made;
  }

  #countLost(notes: number): void {
    this.#deps.telemetry.metrics.count('audit_notes_lost_total', notes);
  }

  #arm(): void {
    this.#timer ??= this.#deps.clock.after(INTERVAL, () => {
      this.#timer = null;
      inBackground(this.#deps.telemetry.log, 'audit_notes_failed', this.flush());
    });
  }

  flush(): Promise<void> {
    this.#running ??= this.#flushAll().finally(() => {
      this.#running = null;
      if (this.#pending.size > 0) this.#arm();
    });
    return this.#running;
  }

  async #flushAll(): Promise<void> {
    const taken = this.#pending;
    this.#pending = new Map();
    for (const [tenant, pending] of taken) await this.#write(tenant, pending);
  }

  async #write(tenant: Tenant, pending: Pending): Promise<void> {
    const entries = toEntries(pending);
    for (let start = 0; start < entries.length; start += ROWS_PER_APPEND) {
      try {
        await this.#deps.audit.append(tenant, entries.slice(start, start + ROWS_PER_APPEND));
      } catch (error) {
        this.#deps.telemetry.log.warn('audit_notes_failed', { tenant, notes: entries.length - start }, error);
        // A lost answer may mean that they were written; told twice is better than not at all.
        for (const entry of entries.slice(start)) this.note(tenant, entry);
        return;
      }
    }
  }

  async drain(milliseconds: number): Promise<void> {
    this.#timer?.cancel();
    await withDeadline(this.#deps.clock, milliseconds, this.#running ?? Promise.resolve());
    await this.flush();
    this.#timer?.cancel();
  }
}

function toEntries({ notes, lost, lostAt }: Pending): readonly AuditEntry[] {
  const entries = [...notes.values()].map(({ entry, times }) =>
    times === 1 ? entry : { ...entry, detail: { ...entry.detail, times } },
  );
  if (lost === 0) return entries;
  return [...entries, { user: 'system', at: lostAt, action: 'audit.lost', detail: { notes: lost } }];
}
