import { actorBytes, forgetActor, holdsBytes } from '../core/forget-actor.ts';
import { ScriptoriumError } from '../core/errors.ts';
import type { HistoryRow } from '../core/history-segment.ts';
import type {
  AuthorshipStanding,
  AuthorshipStore,
  RowReplacement,
  Seal,
  SegmentReplacement,
} from '../ports/authorship-store.ts';
import type { HistoryIndex, ListedSegment } from '../ports/history-index.ts';
import type { StoredPlace } from '../ports/snapshot-pointer.ts';
import type { LogRow } from '../ports/update-log.ts';
import { checkRow } from '../rooms/read-log.ts';
import { readSegment } from '../rooms/read-segment.ts';
import type { ForgetOrder, Forgotten } from './forget-order.ts';
import { packSegment, type PackDeps } from './pack-segment.ts';
import { discardObject } from './store-object.ts';

export interface ForgettingDeps extends PackDeps {
  readonly authorship: AuthorshipStore;
  /** Of the primary: a replica does not know yet what was just changed. */
  readonly history: HistoryIndex;
}

/** A person in a document, how that stood when the pass began, and what was rewritten so far. */
export interface PassOrder extends ForgetOrder {
  readonly standing: AuthorshipStanding;
  readonly forgotten: Forgotten;
}

/** Rows that one statement looks at, and rows, or clientIDs, that one transaction changes. */
const SPAN = 500;
const BATCH = 64;
const SEGMENTS_PER_PAGE = 16;

interface PreparedSegment {
  readonly replacement: SegmentReplacement;
  /** Where the bytes of the one before lie. */
  readonly before: StoredPlace | null;
}

/**
 * One pass over a document. The last rows and the last segment that it finds are held back until its seal, which changes
 * them in the transaction that raises the epoch. So as long as the epoch has not risen a trace is left, by which whoever
 * comes after a pass that was cut off finds out that it has to be raised.
 */
export class ForgettingPass {
  readonly #deps: ForgettingDeps;
  readonly #order: PassOrder;
  readonly #name: Uint8Array;
  #rows: readonly RowReplacement[] = [];
  #segment: PreparedSegment | null = null;
  /** ClientIDs that the seal binds. */
  #bindings = 0;
  #hasFound = false;
  /** Whether something was not as it had been read: the pass ends, and the next one looks again. */
  #isOvertaken = false;

  constructor(deps: ForgettingDeps, order: PassOrder) {
    this.#deps = deps;
    this.#order = order;
    this.#name = actorBytes(order.subject);
  }

  /** Whether there was anything of the person. */
  get hasFound(): boolean {
    return this.#hasFound;
  }

  /** Rewrites all but what is held back; says up to which row it looked. */
  async rewrite(): Promise<number> {
    const after = await this.#rewriteRows();
    await this.#rewriteBindings();
    await this.#rewriteSegments();
    await this.#rewriteSetAside();
    return after;
  }

  /** Changes what was held back and raises the epoch; false when somebody was faster. */
  async seal(seal: Seal): Promise<boolean> {
    const isSealed = !this.#isOvertaken && (await this.#replace(this.#rows, this.#segment, seal));
    if (isSealed) this.#order.forgotten.bindings += this.#bindings;
    if (!isSealed && this.#segment !== null) await discardObject(this.#deps, this.#segment.replacement.segment.place);
    return isSealed;
  }

  async #rewriteRows(): Promise<number> {
    const { authorship } = this.#deps;
    const { id } = this.#order.document;
    let after = 0;
    while (!this.#isOvertaken) {
      this.#order.signal.throwIfAborted();
      const found = await authorship.findRows(id, { bytes: this.#name, after, span: SPAN, limit: BATCH });
      const rows = found.rows.flatMap((row) => this.#prepareRow(row));
      if (rows.length > 0) {
        await this.#replaceHeld();
        this.#rows = rows;
        this.#hasFound = true;
      }
      if (found.upTo === null) break;
      after = found.upTo;
    }
    return after;
  }

  #prepareRow(row: LogRow): readonly RowReplacement[] {
    const payload = forgetActor(row.payload, this.#order);
    if (payload === null) return [];
    const { seq, sum } = row;
    return [{ seq, sum, bytes: row.payload.byteLength, payload, isIntact: checkRow(row).intact }];
  }

  /** What is left of them goes with the seal. */
  async #rewriteBindings(): Promise<void> {
    const { subject: from, pseudonym: to, document, standing, forgotten, signal } = this.#order;
    if (standing.bindings === 0) return;
    this.#hasFound = true;
    let left = standing.bindings;
    for (; left > BATCH; left -= BATCH) {
      signal.throwIfAborted();
      forgotten.bindings += await this.#deps.authorship.rebind(document.id, { from, to, limit: BATCH });
    }
    this.#bindings = left;
  }

  async #rewriteSegments(): Promise<void> {
    const { history } = this.#deps;
    const { id } = this.#order.document;
    let after = 0;
    while (!this.#isOvertaken) {
      const listed = await history.list(id, after, SEGMENTS_PER_PAGE);
      for (const segment of listed) {
        this.#order.signal.throwIfAborted();
        if (!this.#isOvertaken) await this.#rewriteSegment(segment);
      }
      if (listed.length < SEGMENTS_PER_PAGE) return;
      after = listed.at(-1)?.toSeq ?? after;
    }
  }

  async #rewriteSegment(listed: ListedSegment): Promise<void> {
    const rows = await this.#readSegment(listed);
    const { history, clock } = this.#deps;
    const { document } = this.#order;
    if (!rows.some(({ payload }) => this.#isNamed(payload))) return;
    await this.#replaceHeld();
    this.#hasFound = true;
    const before = await history.locate(document.id, listed.toSeq);
    const renamed = rows.map((row) => ({ ...row, payload: forgetActor(row.payload, this.#order) ?? row.payload }));
    const segment = await packSegment(this.#deps, { tenant: document.tenant, documentId: document.id, rows: renamed });
    this.#segment = { before, replacement: { sha256: listed.sha256, segment, removableAt: clock.now() } };
  }

  #isNamed(payload: Uint8Array): boolean {
    return holdsBytes(payload, this.#name) && forgetActor(payload, this.#order) !== null;
  }

  async #readSegment(listed: ListedSegment): Promise<readonly HistoryRow[]> {
    const { id } = this.#order.document;
    const rows = await readSegment(this.#deps, id, listed);
    if (rows !== null) return rows;
    // A deleted document may be emptied at this moment.
    if ((await this.#deps.history.findAnew(id, listed.toSeq)) === null) return [];
    const detail = `rows ${listed.fromSeq} to ${listed.toSeq} cannot be read, so nobody can say whose names they hold`;
    throw new ScriptoriumError('document-quarantined', detail);
  }

  async #rewriteSetAside(): Promise<void> {
    const { authorship } = this.#deps;
    const { document, signal, forgotten } = this.#order;
    for (let after = 0; ;) {
      signal.throwIfAborted();
      const found = await authorship.findSetAside(document.id, { bytes: this.#name, after, limit: BATCH });
      const rows = found.flatMap(({ id, payload }) => {
        const renamed = forgetActor(payload, this.#order);
        return renamed === null ? [] : [{ id, payload: renamed }];
      });
      if (rows.length > 0) {
        this.#hasFound = true;
        await authorship.replaceSetAside(document.id, rows);
        forgotten.rows += rows.length;
      }
      if (found.length < BATCH) return;
      after = found.at(-1)?.id ?? after;
    }
  }

  /** Changes what was held back, now that something else was found to hold back. */
  async #replaceHeld(): Promise<void> {
    if (this.#isOvertaken || (this.#rows.length === 0 && this.#segment === null)) return;
    const [rows, segment] = [this.#rows, this.#segment];
    this.#rows = [];
    this.#segment = null;
    if (await this.#replace(rows, segment, null)) return;
    this.#isOvertaken = true;
    if (segment !== null) await discardObject(this.#deps, segment.replacement.segment.place);
  }

  async #replace(
    rows: readonly RowReplacement[],
    prepared: PreparedSegment | null,
    seal: Seal | null,
  ): Promise<boolean> {
    const { authorship } = this.#deps;
    const { document, standing, forgotten } = this.#order;
    const segment = prepared?.replacement ?? null;
    const change = { epoch: standing.epoch, rows, segment, seal };
    if (!(await authorship.replace(document.id, change))) return false;
    forgotten.rows += rows.length;
    forgotten.segments += segment === null ? 0 : 1;
    // Nothing names it any more; what cannot be removed now is left to the end, or to the sweeper.
    if (prepared?.before !== undefined && prepared.before !== null) await discardObject(this.#deps, prepared.before);
    return true;
  }
}
