import type { Tenant } from '@scriptorium/shared/document-name';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TenantUsageReader } from '../ports/tenant-usage.ts';

/** Milliseconds between two counts: a sum over all of a tenant's documents is no small question. */
const INTERVAL = 10 * 60_000;

export interface TenantStorageDeps {
  readonly usage: TenantUsageReader;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Counts what tenants store, for whoever watches: asked for as the figures are read, every ten minutes at most. */
export class TenantStorage {
  readonly name = 'tenant-storage';
  readonly #deps: TenantStorageDeps;
  #lookedAt = -Infinity;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: TenantStorageDeps) {
    this.#deps = deps;
  }

  /** Counts for these tenants in the background, if it is time; the answer is there for the next reading. */
  look(tenants: readonly Tenant[]): void {
    const now = this.#deps.clock.monotonic();
    if (this.#stopped || now - this.#lookedAt < INTERVAL) return;
    this.#lookedAt = now;
    this.#running = this.#count(tenants);
  }

  /** One tenant after the other, so that nobody waits long behind it. Never throws. */
  async #count(tenants: readonly Tenant[]): Promise<void> {
    const { usage, telemetry } = this.#deps;
    try {
      for (const tenant of tenants) {
        if (this.#stopped) return;
        const { documents, bytes } = await usage.readUsage(tenant);
        const counts = telemetry.metrics.tenant(tenant);
        counts.set('tenant_documents', documents);
        counts.set('tenant_storage_bytes', bytes);
      }
    } catch (error) {
      telemetry.log.warn('tenant_storage_unknown', {}, error);
    }
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
