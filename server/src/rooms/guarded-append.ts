import type { AppendEntry } from '../ports/update-log.ts';
import type { AppendOutcome, AppendSource } from './update-writer.ts';

/** One entry on its way to the log, which nobody has seen the content of yet. */
export class GuardedAppend implements AppendSource {
  /** How it ended, once it has. */
  readonly outcome: Promise<Exclude<AppendOutcome, { readonly kind: 'busy' }>>;
  readonly #entry: AppendEntry;
  readonly #settled = Promise.withResolvers<Exclude<AppendOutcome, { readonly kind: 'busy' }>>();
  #waits = true;

  constructor(entry: AppendEntry) {
    this.#entry = entry;
    this.outcome = this.#settled.promise;
  }

  takePending(): AppendEntry | null {
    if (!this.#waits) return null;
    this.#waits = false;
    return this.#entry;
  }

  settle(outcome: AppendOutcome): void {
    if (outcome.kind === 'busy') this.#waits = true;
    else this.#settled.resolve(outcome);
  }

  fail(error: unknown): void {
    this.#waits = false;
    this.#settled.reject(error);
  }
}
