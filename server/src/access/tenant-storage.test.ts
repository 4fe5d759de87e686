import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createSilentTelemetry } from '../../test/support/silent-telemetry.ts';
import { createMetrics } from '../observability/metrics.ts';
import { TenantStorage } from './tenant-storage.ts';

const MINUTE = 60_000;

function build(usage: () => Promise<{ documents: number; bytes: number }>) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const asked: string[] = [];
  const readUsage = (tenant: string) => {
    asked.push(tenant);
    return usage();
  };
  const storage = new TenantStorage({
    usage: { readUsage },
    clock,
    telemetry: { ...createSilentTelemetry(), metrics },
  });
  metrics.tenant(DEFAULT_TENANT).add('tenant_requests_total');
  return { clock, metrics, asked, look: () => storage.look(metrics.namedTenants()), drain: () => storage.drain() };
}

test('[OPS261] what tenants store is counted as it is asked for, every ten minutes at most', async () => {
  const { clock, metrics, asked, look, drain } = build(() => Promise.resolve({ documents: 3, bytes: 4_711 }));
  for (let minute = 0; minute < 15; minute += 1) {
    look();
    await clock.settle();
    clock.advance(MINUTE);
  }
  expect(asked).toEqual([DEFAULT_TENANT, DEFAULT_TENANT]);
  const { body } = await metrics.page({ tenants: true });
  expect(body).toContain('scriptorium_tenant_documents{tenant="default"} 3');
  expect(body).toContain('scriptorium_tenant_storage_bytes{tenant="default"} 4711');
  await drain();
  clock.advance(60 * MINUTE);
  look();
  expect(asked).toHaveLength(2);
});

test('[OPS261] a store that does not answer leaves what was known', async () => {
  let isAway = false;
  const { clock, metrics, look } = build(() =>
    isAway ? Promise.reject(new Error('away')) : Promise.resolve({ documents: 3, bytes: 4_711 }),
  );
  look();
  await clock.settle();
  isAway = true;
  clock.advance(11 * MINUTE);
  look();
  await clock.settle();
  expect((await metrics.page({ tenants: true })).body).toContain('scriptorium_tenant_documents{tenant="default"} 3');
});
