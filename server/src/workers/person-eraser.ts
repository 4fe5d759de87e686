import type { Tenant } from '@scriptorium/shared/document-name';
import type { ErasedContent } from '@scriptorium/shared/erasure-schemas';
import { toScriptoriumError } from '../core/errors.ts';
import { endPass, type ErasureProgress } from '../core/erasure-plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClaimedJob, JobItem } from '../ports/job-store.ts';
import type { ErasureCounts, OwnDocument, PersonErasure, PersonErasureStore } from '../ports/person-erasure.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import type { ForgetInDocument } from './forget-in-document.ts';
import type { ForgetOrder } from './forget-order.ts';
import type { Unfinished, WorkClaim } from './job-runner.ts';

export interface PersonEraserDeps {
  readonly erasures: PersonErasureStore;
  readonly forget: ForgetInDocument;
  /**
   * Deletes a document for good in which nobody but the user has written; false when it is no longer where it was. Throws
   * `precondition-failed` when somebody else has.
   */
  readonly eraseOwn: (document: OwnErasure) => Promise<boolean>;
  /** Makes search entries of documents anew, since these say who wrote in them, and leaves no byte of what they were. */
  readonly refreshSearch: (documentIds: readonly DocumentId[]) => Promise<void>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Puts a pseudonym in the place of somebody's id, a step at a time: in the columns of the store, and in every document of
 * the tenant, over and over until one whole pass finds nothing. Then documents of their own go, if they are to. Each step
 * is noted and may be done twice, so whoever goes on after a crash begins with the step that was cut off.
 */
export interface PersonEraser {
  /** Goes on for a moment; what the job came to, or when to go on. */
  carryOut(job: ClaimedJob, item: JobItem, claim: Pick<WorkClaim, 'renew'>): Promise<string | Unfinished>;
  /** Ends with the step that is under way. */
  stop(): void;
}

/** Milliseconds after which other jobs have their turn, and how long that is. */
const TURN = 2_000;
const PAUSE = 100;
/** Milliseconds between two looks at whether a pass may begin. */
const LOOK = 1_000;
/** Documents after which it is noted how far the pass is. */
const STEP = 16;

export function createPersonEraser(deps: PersonEraserDeps): PersonEraser {
  return new Eraser(deps);
}

interface OwnErasure extends OwnDocument {
  readonly tenant: Tenant;
  readonly user: string;
}

/** What the part of a job says: who is to be erased. */
interface Order {
  readonly user: string;
  readonly pseudonym: string;
  /** Orders of before there was a choice do not say it. */
  readonly content?: ErasedContent;
}

class Eraser implements PersonEraser {
  readonly #deps: PersonEraserDeps;
  readonly #stopping = new AbortController();

  constructor(deps: PersonEraserDeps) {
    this.#deps = deps;
  }

  async carryOut({ tenant }: ClaimedJob, item: JobItem, claim: Pick<WorkClaim, 'renew'>): Promise<string | Unfinished> {
    const { erasures, clock } = this.#deps;
    // Written with the job, in one transaction.
    const order = JSON.parse(item.request) as Order;
    const until = clock.monotonic() + TURN;
    while (!this.#stopping.signal.aborted && clock.monotonic() < until) {
      const erasure = await erasures.read(tenant, order.pseudonym);
      if (erasure === null || erasure.person.finishedAt !== null) return outcomeOf(order);
      if (clock.now() < erasure.progress.notBefore) return { pause: LOOK };
      await claim.renew();
      if (await this.#goOn(erasure, order, claim)) return outcomeOf(order);
      // Lets whatever waits for this thread go first.
      await new Promise<void>((resolve) => void clock.soon(resolve));
    }
    return { pause: PAUSE };
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Takes one step; true when it was the last. */
  async #goOn(erasure: PersonErasure, order: Order, claim: Pick<WorkClaim, 'renew'>): Promise<boolean> {
    const { erasures } = this.#deps;
    if (erasure.progress.stage === 'documents') return this.#goOverDocuments(erasure, order, claim);
    if (erasure.progress.stage === 'own-documents') return this.#eraseOwnDocuments(erasure, order, claim);
    const { tenant } = erasure.person;
    const beganAt = this.#deps.clock.now();
    const counts = await erasures.forgetColumns({ tenant, ...order });
    const found = erasure.progress.found + sumOf(counts);
    await erasures.note(erasure, { ...erasure.progress, stage: 'documents', found, beganAt }, { ...counts, passes: 1 });
    return false;
  }

  async #goOverDocuments(erasure: PersonErasure, order: Order, claim: Pick<WorkClaim, 'renew'>): Promise<boolean> {
    const { erasures } = this.#deps;
    const { person, progress } = erasure;
    const documents = await erasures.listDocuments(person.tenant, progress.after, STEP);
    if (documents.length === 0) return this.#endPass(erasure, order);
    let { found, failed, after } = progress;
    const counts: Record<string, number> = {};
    for (const document of documents) {
      if (this.#stopping.signal.aborted) break;
      // One may take long.
      await claim.renew();
      const forgotten = await this.#forgetIn({ id: document, tenant: person.tenant }, order);
      if (forgotten === null) failed += 1;
      else for (const [kind, count] of Object.entries(forgotten)) counts[kind] = (counts[kind] ?? 0) + count;
      counts['documents'] = (counts['documents'] ?? 0) + 1;
      after = document;
    }
    found += sumOf({ ...counts, documents: 0 });
    await erasures.note(erasure, { ...progress, after, found, failed }, counts);
    return false;
  }

  /** `null` where something of a document cannot be read or written; it is tried again, and holds up no other. */
  async #forgetIn(document: ForgetOrder['document'], order: Order): Promise<ErasureCounts | null> {
    const { forget, telemetry } = this.#deps;
    const { user: subject, pseudonym } = order;
    const { signal } = this.#stopping;
    try {
      return { ...(await forget({ document, subject, pseudonym, signal })) };
    } catch (error) {
      if (signal.aborted || isPassing(error)) throw error;
      telemetry.log.warn('person_erasure_failed', { documentId: document.id, pseudonym }, error);
      return null;
    }
  }

  /** Deletes the next document that is only theirs; true behind the last one. */
  async #eraseOwnDocuments(erasure: PersonErasure, order: Order, claim: Pick<WorkClaim, 'renew'>): Promise<boolean> {
    const { erasures } = this.#deps;
    const { person, progress } = erasure;
    const page = { after: progress.after, limit: 1 };
    const [document] = await erasures.listOwnDocuments(person.tenant, person.pseudonym, page);
    if (document === undefined) return this.#finish(erasure, order);
    await claim.renew();
    const isErased = await this.#eraseOwn({ ...document, tenant: person.tenant, user: person.pseudonym });
    const counts = { [isErased ? 'ownDocuments' : 'ownDocumentsLeft']: 1 };
    await erasures.note(erasure, { ...progress, after: document.id }, counts);
    return false;
  }

  async #eraseOwn(document: OwnErasure): Promise<boolean> {
    try {
      return await this.#deps.eraseOwn(document);
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#deps.telemetry.log.warn('person_erasure_failed', { documentId: document.id }, error);
      return false;
    }
  }

  async #endPass(erasure: PersonErasure, order: Order): Promise<boolean> {
    const { erasures, clock } = this.#deps;
    const { person, progress } = erasure;
    const next: ErasureProgress | 'finished' = endPass(progress, person.erasedAt, clock.now());
    if (next !== 'finished') {
      await erasures.note(erasure, next, {});
      return false;
    }
    if (order.content !== 'erase-own') return this.#finish(erasure, order);
    await erasures.note(erasure, { ...progress, stage: 'own-documents', after: 0 }, {});
    return false;
  }

  async #finish(erasure: PersonErasure, { content = 'keep' }: Order): Promise<boolean> {
    const { erasures, refreshSearch, clock } = this.#deps;
    const { person } = erasure;
    await refreshSearch(await erasures.listBoundDocuments(person.tenant, person.pseudonym));
    return erasures.finish(erasure, { at: clock.now(), content, outcome: outcomeOf(person) });
  }
}

/** What passes by itself ends this turn, and the step is taken again. */
function isPassing(error: unknown): boolean {
  const { code, definition } = toScriptoriumError(error);
  return definition.retryable && code !== 'internal';
}

function outcomeOf({ pseudonym }: Pick<Order, 'pseudonym'>): string {
  return JSON.stringify({ pseudonym });
}

function sumOf(counts: ErasureCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
