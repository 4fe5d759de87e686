import { type Tenant, parseTenant } from '@scriptorium/shared/document-name';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

function tenant(text: string): Tenant {
  const parsed = parseTenant(text);
  if (parsed === null) throw new Error(`not a tenant: ${text}`);
  return parsed;
}

test('[OPS260] what tenants do is counted by their names, and of all beyond the most as one', async () => {
  const metrics = createMetrics({ tenants: 2 });
  for (const [name, by] of [
    ['alpha', 1],
    ['beta', 2],
    ['gamma', 3],
    ['delta', 4],
    ['alpha', 10],
  ] as const) {
    metrics.tenant(tenant(name)).add('tenant_updates_received_total', by);
    metrics.tenant(tenant(name)).add('tenant_connections', 1);
  }
  metrics.tenant(tenant('delta')).add('tenant_connections', -1);
  const { body } = await metrics.page({ tenants: true });
  const lines = body
    .split('\n')
    .filter((line) => /^scriptorium_tenant_(updates_received_total|connections)\{/.test(line));
  expect(lines).toEqual([
    'scriptorium_tenant_updates_received_total{tenant="alpha"} 11',
    'scriptorium_tenant_updates_received_total{tenant="beta"} 2',
    'scriptorium_tenant_updates_received_total{tenant="_other"} 7',
    'scriptorium_tenant_connections{tenant="alpha"} 2',
    'scriptorium_tenant_connections{tenant="beta"} 1',
    'scriptorium_tenant_connections{tenant="_other"} 1',
  ]);
  expect(metrics.namedTenants()).toEqual(['alpha', 'beta']);
});

test('[OPS260] no name of a tenant is on the page where it was not asked for', async () => {
  const metrics = createMetrics();
  metrics.tenant(tenant('alpha')).add('tenant_requests_total');
  expect((await metrics.page({ tenants: false })).body).not.toContain('alpha');
  expect((await metrics.page({ tenants: true })).body).toContain('scriptorium_tenant_requests_total{tenant="alpha"} 1');
});

test('[OPS260] a sum costs no look-up by name: the handle of a tenant stays', () => {
  const metrics = createMetrics({ tenants: 1 });
  const alpha = metrics.tenant(tenant('alpha'));
  expect(metrics.tenant(tenant('alpha'))).toBe(alpha);
  expect(metrics.tenant(tenant('beta'))).toBe(metrics.tenant(tenant('gamma')));
});
