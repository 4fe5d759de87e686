import { createHash, randomBytes } from 'node:crypto';
import type { DocumentName, Tenant } from '@scriptorium/shared/document-name';
import type { Clock, Timer } from '../ports/clock.ts';
import type { ErasureRecord, ErasureStore } from '../ports/erasure-store.ts';
import type { ObjectRegister } from '../ports/object-register.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { DocumentId } from '../ports/update-log.ts';
import { inBackground, type Service } from '../service.ts';

/** Something else that keeps a part of documents, and has to let go of it: a search index, a cache. */
export interface ErasureStep {
  /** What it keeps, in the plural: the count in the record. */
  readonly kind: string;
  /** Removes all that it has of the document, as often as it is asked; says how much that was. */
  erase(documentId: DocumentId): Promise<number>;
}

export interface EraserDeps {
  readonly erasures: ErasureStore;
  readonly register: ObjectRegister;
  readonly snapshots: SnapshotStore;
  readonly steps: readonly ErasureStep[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Erases what deleted documents hold: rows, snapshots, history, events, objects, and what others keep of them. A record
 * is begun before and finished once nothing is left, so an erasure that was cut off goes on at the next start, and the
 * record never says more than is true.
 */
export interface DocumentEraser extends Service {
  /** Erases every deleted document of the name; `null` when there is none. The record says whether all of it is gone yet. */
  erase(tenant: Tenant, name: DocumentName, by: string): Promise<ErasureRecord | null>;
}

export function createDocumentEraser(deps: EraserDeps): DocumentEraser {
  return new Eraser(deps);
}

/** Milliseconds between two looks for erasures that were not finished, with jitter. */
const INTERVAL = 60_000;
const PART = 256;
const UNFINISHED = 100;
const ID_BYTES = 8;

class Eraser implements DocumentEraser {
  readonly name = 'document-eraser';
  readonly #deps: EraserDeps;
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: EraserDeps) {
    this.#deps = deps;
    this.#arm();
  }

  async erase(tenant: Tenant, name: DocumentName, by: string): Promise<ErasureRecord | null> {
    const { erasures, clock } = this.#deps;
    const record = await erasures.begin(name, {
      id: `er_${randomBytes(ID_BYTES).toString('hex')}`,
      tenant,
      subjectHash: hashSubject(tenant, name),
      begunAt: clock.now(),
      begunBy: by,
    });
    if (record === null) return null;
    await this.#goOn(record);
    return (await erasures.read(tenant, record.id)) ?? record;
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, telemetry } = this.#deps;
    this.#timer = clock.after(INTERVAL * (0.5 + clock.random()), () => {
      this.#running = this.#goOnWithAll().finally(() => {
        this.#arm();
      });
      inBackground(telemetry.log, 'erasure_failed', this.#running);
    });
  }

  async #goOnWithAll(): Promise<void> {
    const { erasures, telemetry } = this.#deps;
    for (const record of await erasures.listUnfinished(UNFINISHED)) {
      if (this.#stopped) return;
      // One that fails must not hold up the others.
      await this.#goOn(record).catch((error: unknown) => {
        telemetry.log.warn('erasure_failed', { erasure: record.id }, error);
      });
    }
  }

  async #goOn({ id, documentIds }: ErasureRecord): Promise<void> {
    const { erasures, steps, clock } = this.#deps;
    let isDone = true;
    for (const documentId of documentIds) {
      isDone = (await this.#eraseStored(id, documentId)) && isDone;
      for (const step of steps) isDone = (await this.#take(id, step, documentId)) && isDone;
    }
    if (isDone) await erasures.note(id, {}, clock.now());
  }

  /** False when whoever keeps that part does not answer: the others go on, and it is asked again later. */
  async #take(id: string, step: ErasureStep, documentId: DocumentId): Promise<boolean> {
    const { erasures, telemetry } = this.#deps;
    try {
      await erasures.note(id, { [step.kind]: await step.erase(documentId) }, null);
      return true;
    } catch (error) {
      telemetry.log.warn('erasure_failed', { erasure: id, part: step.kind }, error);
      return false;
    }
  }

  /** False when something is left that cannot be removed yet: somebody may be writing it at this moment. */
  async #eraseStored(id: string, documentId: DocumentId): Promise<boolean> {
    const { erasures, register, snapshots, clock } = this.#deps;
    for (;;) {
      if (this.#stopped) return false;
      const part = await erasures.erasePart(documentId, { limit: PART, now: clock.now() });
      // The object goes first: a key is forgotten only once there is nothing under it.
      for (const key of part.keys) await snapshots.remove(key);
      await register.forget(part.keys);
      await erasures.note(id, part.counts, null);
      const moved = part.keys.length > 0 || Object.values(part.counts).some((count) => count > 0);
      if (!moved) return !part.isMore;
      // Lets whatever waits for the store go first.
      await new Promise<void>((resolve) => {
        clock.soon(resolve);
      });
    }
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running.catch(() => undefined);
  }
}

/** What the record says instead of the name. */
function hashSubject(tenant: Tenant, name: DocumentName): string {
  return createHash('sha256').update(`${tenant}/${name}`).digest('hex');
}
