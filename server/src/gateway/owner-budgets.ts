import type { Clock } from '../ports/clock.ts';
import type { RateWindow, RateWindows } from '../ports/rate-windows.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Identity } from '../ports/token-verifier.ts';
import { inBackground } from '../service.ts';

/** What users and tenants may send per second over all their connections; infinite where there is no limit. */
export interface OwnerRates {
  readonly userUpdates: number;
  readonly userBytes: number;
  readonly tenantUpdates: number;
  readonly tenantBytes: number;
}

/** A socket as far as it is paused for what its owner sent. */
export interface OwnedSocket {
  readonly identity: Identity | null;
  pauseReading(reason: string): void;
  resumeReading(reason: string): void;
}

/** The budgets that all connections of a user, and all of a tenant, share; on all nodes where these share windows. */
export interface OwnerBudgets {
  /** Charges what a socket was sent; over a budget, none of its owner's sockets is read for a while. */
  spend(socket: OwnedSocket, kind: 'updates' | 'bytes', amount: number): void;
  /** A socket whose owner is over a budget waits from the start. */
  join(socket: OwnedSocket): void;
  leave(socket: OwnedSocket): void;
}

/** Windows last so long; a burst may take all of one at once. */
const WINDOW_SECONDS = 10;
/** Milliseconds over which what is spent is collected before it is counted: a question for each update would cost more than the update. */
const COLLECT = 250;

interface Budget {
  readonly name: string;
  readonly kind: 'updates' | 'bytes';
  readonly window: RateWindow;
  readonly keyOf: (identity: Identity) => string;
}

/** Makes the budgets; those without a limit cost nothing. */
export function createOwnerBudgets(deps: {
  readonly windows: RateWindows;
  readonly rates: OwnerRates;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}): OwnerBudgets {
  const budgets = listBudgets(deps.windows, deps.rates);
  return budgets.length === 0 ? UNLIMITED : new SharedBudgets(deps, budgets);
}

const UNLIMITED: OwnerBudgets = { spend: () => undefined, join: () => undefined, leave: () => undefined };

function listBudgets(windows: RateWindows, rates: OwnerRates): readonly Budget[] {
  const user = ({ tenant, user: id }: Identity): string => `${tenant}/${id}`;
  const tenant = (identity: Identity): string => identity.tenant;
  const all = [
    { name: 'user-updates', kind: 'updates', perSecond: rates.userUpdates, keyOf: user },
    { name: 'user-bytes', kind: 'bytes', perSecond: rates.userBytes, keyOf: user },
    { name: 'tenant-updates', kind: 'updates', perSecond: rates.tenantUpdates, keyOf: tenant },
    { name: 'tenant-bytes', kind: 'bytes', perSecond: rates.tenantBytes, keyOf: tenant },
  ] as const;
  return all
    .filter(({ perSecond }) => perSecond !== Infinity)
    .map(({ name, kind, perSecond, keyOf }) => {
      const length = { points: perSecond * WINDOW_SECONDS, seconds: WINDOW_SECONDS };
      // What is over was sent already.
      const window = windows.open({ name, ...length, counts: 'all' });
      return { name, kind, keyOf, window };
    });
}

class SharedBudgets implements OwnerBudgets {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #budgets: readonly Budget[];
  readonly #sockets = new Set<OwnedSocket>();
  /** What was spent since the last count, by budget and key. */
  readonly #spent = new Map<Budget, Map<string, number>>();
  /** Who waits, by budget: the key of the owner. */
  readonly #waiting = new Map<Budget, Set<string>>();
  #collecting = false;

  constructor(deps: { readonly clock: Clock; readonly telemetry: Telemetry }, budgets: readonly Budget[]) {
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#budgets = budgets;
    for (const budget of budgets) {
      this.#spent.set(budget, new Map());
      this.#waiting.set(budget, new Set());
    }
  }

  spend({ identity }: OwnedSocket, kind: 'updates' | 'bytes', amount: number): void {
    if (identity === null) return;
    for (const budget of this.#budgets) {
      if (budget.kind !== kind) continue;
      const key = budget.keyOf(identity);
      const spent = this.#spent.get(budget);
      spent?.set(key, (spent.get(key) ?? 0) + amount);
    }
    if (this.#collecting) return;
    this.#collecting = true;
    this.#clock.after(COLLECT, () => {
      this.#collecting = false;
      for (const budget of this.#budgets) this.#count(budget);
    });
  }

  #count(budget: Budget): void {
    const spent = this.#spent.get(budget) ?? new Map<string, number>();
    this.#spent.set(budget, new Map());
    for (const [key, amount] of spent)
      inBackground(this.#telemetry.log, 'owner_budget_failed', this.#take(budget, key, amount));
  }

  async #take(budget: Budget, key: string, amount: number): Promise<void> {
    const { allowed, resetAfter } = await budget.window.take(key, amount);
    const waiting = this.#waiting.get(budget);
    if (allowed || waiting === undefined || waiting.has(key)) return;
    waiting.add(key);
    this.#telemetry.metrics.count('owners_paused_total');
    const owned = (socket: OwnedSocket): boolean => socket.identity !== null && budget.keyOf(socket.identity) === key;
    for (const socket of this.#sockets) if (owned(socket)) socket.pauseReading(budget.name);
    this.#clock.after(resetAfter, () => {
      waiting.delete(key);
      for (const socket of this.#sockets) if (owned(socket)) socket.resumeReading(budget.name);
    });
  }

  join(socket: OwnedSocket): void {
    this.#sockets.add(socket);
    if (socket.identity === null) return;
    for (const [budget, keys] of this.#waiting) {
      if (keys.has(budget.keyOf(socket.identity))) socket.pauseReading(budget.name);
    }
  }

  leave(socket: OwnedSocket): void {
    this.#sockets.delete(socket);
  }
}
