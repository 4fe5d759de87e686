import { afterAll, beforeAll, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCaller } from './rest-calls.ts';
import { connectByHand, signToken, startTestNode } from './test-node.ts';

const directory = createTemporaryDirectory('tenant-metrics');
let node: Awaited<ReturnType<typeof startTestNode>>;

beforeAll(async () => {
  node = await startTestNode(directory.path, { METRICS_TENANTS: '1', LIMIT_REQUESTS_PER_MINUTE: '8' });
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

async function readPage(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await fetch(`http://127.0.0.1:${node.port}/metrics`, { headers })).text();
}

/** What is counted of a tenant. */
async function readTenant(label: string): Promise<Readonly<Record<string, number>>> {
  const lines = (await readPage()).matchAll(/^scriptorium_tenant_(\w+)\{tenant="(\w+)"\} (\S+)$/gm);
  const own = [...lines].filter(([, , at]) => at === label);
  return Object.fromEntries(own.map(([, name = '', , value]): [string, number] => [name, Number(value)]));
}

it('[OPS262] metrics tell by tenant of connections, updates, bytes, requests, refusals and what is stored', async () => {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'words '.repeat(100));
  const update = Y.encodeStateAsUpdate(doc);
  const writer = await connectByHand(node.url);
  await writer.enter('a', await signToken({ sub: 'ada', tenant: 'alpha', role: 'owner' }));
  writer.update('a', update);
  await writer.until('status');
  const reader = await connectByHand(node.url);
  await reader.enter('a', await signToken({ sub: 'lin', tenant: 'alpha', role: 'viewer' }));
  reader.update('a', editOfReader());
  await reader.until('status');
  const call = await createCaller(node, { tenant: 'alpha', sub: 'grace', role: 'viewer' });
  // Two are refused by the role, and what is above the limit by that.
  for (let count = 0; count < 2; count += 1) expect((await call('DELETE', '/documents/a')).status).toBe(403);
  for (let count = 0; count < 6; count += 1) await call('GET', '/session');
  expect((await call('GET', '/session')).status).toBe(429);
  await waitUntil('what is stored is counted', async () => (await readTenant('alpha'))['documents'] === 1);
  const alpha = await readTenant('alpha');
  expect(alpha).toMatchObject({
    connections: 2,
    updates_received_total: 2,
    updates_refused_total: 1,
    requests_total: 8,
    requests_refused_total: 3,
    quota_refused_total: 0,
  });
  expect(alpha['received_bytes_total']).toBeGreaterThan(update.length);
  expect(alpha['storage_bytes']).toBeGreaterThan(update.length);
  for (const { socket } of [writer, reader]) socket.close();
  await waitUntil('they are gone', async () => (await readTenant('alpha'))['connections'] === 0);
});

it('[OPS260] beyond the most, tenants are counted as one', async () => {
  const other = await createCaller(node, { tenant: 'beta' });
  await other('GET', '/session');
  expect((await readTenant('_other'))['requests_total']).toBe(1);
  expect(await readPage()).not.toContain('beta');
});

it('[OPS263] the names of tenants are not told to whom a proxy brings', async () => {
  expect(await readPage()).toContain('alpha');
  for (const headers of [{ 'x-forwarded-for': '203.0.113.1' }, { via: '1.1 proxy' }]) {
    const page = await readPage(headers);
    expect(page).toContain('scriptorium_connections_total');
    expect(page).not.toContain('alpha');
  }
});

/** What a reader may not write. */
function editOfReader(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('t').insert(0, 'not mine');
  return Y.encodeStateAsUpdate(doc);
}
