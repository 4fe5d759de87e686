import type { Tenant } from '@scriptorium/shared/document-name';
import { Counter, Gauge, Registry } from 'prom-client';
import type { TenantAmountName, TenantMetrics, TenantSumName } from '../ports/telemetry.ts';

/** What is counted of tenants: by the first ones by name, and for the rest as one. */
export interface TenantSums {
  of(tenant: Tenant): TenantMetrics;
  /** Tenants that are counted by name. */
  named(): readonly Tenant[];
  /** In Prometheus's text format. */
  page(): Promise<string>;
}

type Name = TenantSumName | TenantAmountName;

const COUNTERS: Readonly<Record<Exclude<TenantSumName, 'tenant_connections'>, string>> = {
  tenant_updates_received_total: 'Updates received from clients of a tenant.',
  tenant_updates_refused_total: 'Updates of a tenant refused by the gate, a quota or a role.',
  tenant_received_bytes_total: 'Bytes received over sockets of a tenant.',
  tenant_requests_total: 'REST requests of a tenant that were let in.',
  tenant_requests_refused_total: 'REST requests of a tenant refused by a role or a limit of requests.',
  tenant_quota_refused_total:
    'Documents and edits refused by a quota of their tenant or the largest size of a document.',
};

const GAUGES: Readonly<Record<TenantAmountName | 'tenant_connections', string>> = {
  tenant_connections: 'WebSocket connections open, of a tenant.',
  tenant_documents: 'Live documents of a tenant, as they were counted last.',
  tenant_storage_bytes: "Bytes of a tenant's live documents, as they were counted last.",
};

/** The label of all others; no tenant can have the name. */
const OTHERS = '_other';

/** Sums of at most so many tenants by name, in the order in which they came. */
export function createTenantSums({ most }: { readonly most: number }): TenantSums {
  const registry = new Registry();
  const handles = new Map<string, Sums>();
  addCounters(registry, handles);
  addGauges(registry, handles);
  const open = (label: string): Sums => {
    const known = handles.get(label);
    if (known !== undefined) return known;
    const made = new Sums();
    handles.set(label, made);
    return made;
  };
  const named = (): readonly string[] => [...handles.keys()].filter((label) => label !== OTHERS);
  return {
    of: (tenant) => open(handles.has(tenant) || named().length < most ? tenant : OTHERS),
    named: () => named() as readonly Tenant[],
    page: () => registry.metrics(),
  };
}

/** Plain fields, copied into the registry when it is read. */
class Sums implements TenantMetrics {
  readonly values: Record<Name, number | null> & Record<TenantSumName, number> = {
    tenant_connections: 0,
    tenant_updates_received_total: 0,
    tenant_updates_refused_total: 0,
    tenant_received_bytes_total: 0,
    tenant_requests_total: 0,
    tenant_requests_refused_total: 0,
    tenant_quota_refused_total: 0,
    // Until they are counted nothing is said about them.
    tenant_documents: null,
    tenant_storage_bytes: null,
  };

  add(name: TenantSumName, by = 1): void {
    this.values[name] += by;
  }

  set(name: TenantAmountName, value: number): void {
    this.values[name] = value;
  }
}

function addCounters(registry: Registry, handles: ReadonlyMap<string, Sums>): void {
  for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) {
    new Counter({
      name: `scriptorium_${name}`,
      help: COUNTERS[name],
      labelNames: ['tenant'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [tenant, { values }] of handles) this.inc({ tenant }, values[name]);
      },
    });
  }
}

function addGauges(registry: Registry, handles: ReadonlyMap<string, Sums>): void {
  for (const name of Object.keys(GAUGES) as (keyof typeof GAUGES)[]) {
    new Gauge({
      name: `scriptorium_${name}`,
      help: GAUGES[name],
      labelNames: ['tenant'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [tenant, { values }] of handles) {
          const value = values[name];
          if (value !== null) this.set({ tenant }, value);
        }
      },
    });
  }
}
