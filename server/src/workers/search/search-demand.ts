import { gatherFor } from '../../core/search-rest.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../service.ts';

/** Milliseconds that a search waits for what was collected while there was none. */
const PATIENCE = 1_000;

/** Whether somebody searches an index, and so how fresh it has to be. */
export class SearchDemand {
  readonly #clock: Clock;
  readonly #hearsSearches: boolean;
  #searchedAt = -Infinity;
  #waking: Promise<void> | null = null;

  constructor({ clock, hearsSearches }: { readonly clock: Clock; readonly hearsSearches: boolean }) {
    this.#clock = clock;
    this.#hearsSearches = hearsSearches;
  }

  /** Whether somebody searched of late, or may have. */
  get isThere(): boolean {
    return this.gather === gatherFor(0);
  }

  /** Milliseconds in which changes are collected at present. */
  get gather(): number {
    return gatherFor(this.#hearsSearches ? this.#clock.monotonic() - this.#searchedAt : null);
  }

  /** Notes a search. The first one lets go in what was collected (`level`); those that come meanwhile wait with it. */
  async note(level: () => Promise<void>): Promise<void> {
    if (!this.#hearsSearches) return;
    const wasThere = this.isThere;
    this.#searchedAt = this.#clock.monotonic();
    if (!wasThere) {
      this.#waking = withDeadline(this.#clock, PATIENCE, level()).then(() => {
        this.#waking = null;
      });
    }
    await this.#waking;
  }
}
