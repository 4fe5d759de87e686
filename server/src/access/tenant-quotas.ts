import type { Tenant } from '@scriptorium/shared/document-name';
import { ScriptoriumError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TenantUsage, TenantUsageReader } from '../ports/tenant-usage.ts';
import { inBackground } from '../service.ts';

/** What each tenant may have; infinite where there is no limit. */
export interface TenantLimits {
  readonly documents: number;
  readonly bytes: number;
}

/** Holds tenants to what they may have. Judged by what was read some seconds ago, so the last step may go a little over. */
export interface TenantQuotas {
  /** The catalog, which makes no document above the limit: `quota-exceeded`. */
  limit(catalog: DocumentCatalog): DocumentCatalog;
  /** Whether the tenant's documents have all the bytes that they may. Answers at once and looks again in the background. */
  isFull(tenant: Tenant): boolean;
}

/** Milliseconds that a usage counts before it is read again. */
const FRESH = 5_000;
/** Tenants whose usage is remembered. */
const TENANTS = 10_000;

type Created = Awaited<ReturnType<DocumentCatalog['createWith']>>;

interface Known {
  usage: TenantUsage;
  /** Monotonic milliseconds; documents that were made since are counted in. */
  readAt: number;
}

export interface TenantQuotasDeps {
  readonly usage: TenantUsageReader;
  readonly limits: TenantLimits;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export function createTenantQuotas(deps: TenantQuotasDeps): TenantQuotas {
  return new Quotas(deps);
}

class Quotas implements TenantQuotas {
  readonly #deps: TenantQuotasDeps;
  readonly #known = new Map<Tenant, Known>();
  readonly #reading = new Map<Tenant, Promise<Known>>();

  constructor(deps: TenantQuotasDeps) {
    this.#deps = deps;
  }

  limit(catalog: DocumentCatalog): DocumentCatalog {
    const { documents, bytes } = this.#deps.limits;
    if (documents === Infinity && bytes === Infinity) return catalog;
    return {
      resolve: (...asked) => catalog.resolve(...asked),
      list: (query) => catalog.list(query),
      rename: (...change) => catalog.rename(...change),
      remove: (...change) => catalog.remove(...change),
      describe: (...change) => catalog.describe(...change),
      create: (...change) => this.#createWithin(change[0], () => catalog.create(...change)),
      createWith: async (...change) => {
        const [tenant, , { seed }] = change;
        if (seed.payload !== null && this.isFull(tenant)) {
          this.#noteRefusal(tenant);
          throw new ScriptoriumError('quota-exceeded', 'the tenant is full');
        }
        return this.#createWithin(tenant, () => catalog.createWith(...change));
      },
    };
  }

  async #createWithin(tenant: Tenant, create: () => Promise<Created>): Promise<Created> {
    if (this.#deps.limits.documents === Infinity) return create();
    const entry = await this.#takeDocument(tenant);
    try {
      const created = await create();
      if (created.kind === 'exists') giveBack(entry);
      return created;
    } catch (error) {
      giveBack(entry);
      throw error;
    }
  }

  isFull(tenant: Tenant): boolean {
    const { limits, telemetry } = this.#deps;
    if (limits.bytes === Infinity) return false;
    const last = this.#known.get(tenant);
    if (!this.#isFresh(last)) inBackground(telemetry.log, 'usage_unknown', this.#look(tenant));
    return last !== undefined && last.usage.bytes >= limits.bytes;
  }

  /** Reads; while the store does not answer, what was known counts on, and it is asked no more often. */
  async #look(tenant: Tenant): Promise<void> {
    try {
      await this.#read(tenant);
    } catch (error) {
      const usage = this.#known.get(tenant)?.usage ?? { documents: 0, bytes: 0 };
      this.#known.set(tenant, { usage, readAt: this.#deps.clock.monotonic() });
      throw error;
    }
  }

  #isFresh(entry: Known | undefined): entry is Known {
    return entry !== undefined && this.#deps.clock.monotonic() - entry.readAt < FRESH;
  }

  /** Counts a document before it is there, so that many at once do not all find the last place free. */
  async #takeDocument(tenant: Tenant): Promise<Known> {
    const { limits } = this.#deps;
    const last = this.#known.get(tenant);
    const entry = this.#isFresh(last) ? last : await this.#read(tenant);
    const { documents } = entry.usage;
    if (documents >= limits.documents) {
      this.#noteRefusal(tenant);
      throw new ScriptoriumError('quota-exceeded', `the tenant has its ${limits.documents} documents`);
    }
    entry.usage = { ...entry.usage, documents: documents + 1 };
    return entry;
  }

  #noteRefusal(tenant: Tenant): void {
    const { metrics } = this.#deps.telemetry;
    metrics.count('quota_refused_total');
    metrics.tenant(tenant).add('tenant_quota_refused_total');
  }

  #read(tenant: Tenant): Promise<Known> {
    const running = this.#reading.get(tenant);
    if (running !== undefined) return running;
    const started = this.#ask(tenant).finally(() => this.#reading.delete(tenant));
    this.#reading.set(tenant, started);
    return started;
  }

  async #ask(tenant: Tenant): Promise<Known> {
    const usage = await this.#deps.usage.readUsage(tenant);
    const entry = { usage, readAt: this.#deps.clock.monotonic() };
    this.#known.delete(tenant);
    this.#known.set(tenant, entry);
    const [oldest] = this.#known.keys();
    if (this.#known.size > TENANTS && oldest !== undefined) this.#known.delete(oldest);
    return entry;
  }
}

function giveBack(entry: Known): void {
  entry.usage = { ...entry.usage, documents: entry.usage.documents - 1 };
}
