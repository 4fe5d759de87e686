import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiWorld, type ApiWorld } from '../../test/support/api-world.ts';

let world: ApiWorld;
beforeAll(async () => void (world = await createApiWorld()));
afterAll(() => world.close());

let tenants = 0;
let tenant = '';
beforeEach(() => {
  tenants += 1;
  tenant = `t${tenants}`;
});

const TARGET = { url: 'https://example.org/hook' };

/** As much of any answer as is looked at. */
interface Body {
  readonly code?: string;
  readonly secret: string;
  readonly webhook: { readonly id: string; readonly previousEndsAt: string | null };
  readonly webhooks: readonly unknown[];
  readonly deliveries: readonly unknown[];
  readonly paused: string | null;
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly payload?: object | undefined;
  readonly claims?: Readonly<Record<string, unknown>>;
}

async function ask(path: string, { method = 'GET', payload, claims = {} }: Asked = {}) {
  const options: InjectOptions = { method, url: `/v1/webhooks${path}`, ...(payload === undefined ? {} : { payload }) };
  const response = await world.send({ tenant, role: 'admin', ...claims }, options);
  return { status: response.statusCode, body: (response.body === '' ? {} : response.json()) as Body };
}

const post = (path: string, payload: object) => ask(path, { method: 'POST', payload });

async function make(payload: object = TARGET): Promise<{ readonly id: string; readonly secret: string }> {
  const { status, body } = await post('', payload);
  expect(status).toBe(201);
  return { id: body.webhook.id, secret: body.secret };
}

describe('webhooks over REST', () => {
  it('[REST140] a webhook is made with a secret that is shown once, and is listed, read, changed and removed', async () => {
    const { id, secret } = await make({ ...TARGET, label: 'crm', events: ['document.changed'], documents: ['a/*'] });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { body: read } = await ask(`/${id}`);
    expect(read).toEqual({
      id,
      url: 'https://example.org/hook',
      label: 'crm',
      events: ['document.changed'],
      documents: ['a/*'],
      paused: null,
      failingSince: null,
      deliveredAt: null,
      previousEndsAt: null,
      createdAt: '2026-11-23T09:30:00.000Z',
      createdBy: 'ada',
    });
    expect((await ask('')).body).toEqual({ webhooks: [read], nextCursor: null });
    expect((await ask(`/${id}`, { method: 'PATCH', payload: { paused: true, documents: ['b'] } })).body).toEqual({
      ...read,
      paused: 'by-hand',
      documents: ['b'],
    });
    expect((await ask(`/${id}`, { method: 'PATCH', payload: { paused: false } })).body.paused).toBeNull();
    expect((await ask(`/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(`/${id}`)).status).toBe(404);
  });

  it('[REST141] only who may manage webhooks of the tenant sees or changes any', async () => {
    const { id } = await make();
    for (const [method, path, payload] of [
      ['GET', '', undefined],
      ['POST', '', TARGET],
      ['GET', `/${id}`, undefined],
      ['PATCH', `/${id}`, { paused: true }],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/rotate`, {}],
      ['GET', `/${id}/deliveries`, undefined],
      ['POST', `/${id}/replay`, {}],
    ] as const) {
      expect((await ask(path, { method, payload, claims: { role: 'owner' } })).status).toBe(403);
      if (path !== '') expect((await ask(path, { method, payload, claims: { tenant: 'stranger' } })).status).toBe(404);
    }
    expect((await ask('', { claims: { tenant: 'stranger' } })).body.webhooks).toEqual([]);
  });

  it.each([
    { url: 'ftp://example.org' },
    { url: 'https://ada:secret@example.org' },
    { url: 'https://example.org/#part' },
    { url: 'example.org' },
    { ...TARGET, events: ['document.read'] },
    { ...TARGET, documents: ['a*b'] },
    { ...TARGET, documents: [] },
    { ...TARGET, label: 'a\nb' },
    { ...TARGET, more: 1 },
    {},
  ])('[REST142] %j is refused', async (payload) => {
    expect((await post('', payload)).status).toBe(400);
  });

  it('[REST143] a tenant has fifty webhooks at most', async () => {
    for (let made = 0; made < 50; made += 1) await make();
    const { status, body } = await post('', TARGET);
    expect([status, body.code]).toEqual([400, 'bad-request']);
  });

  it('[REST144] a secret is rotated with an overlap', async () => {
    const { id, secret } = await make();
    const { body } = await post(`/${id}/rotate`, { overlapSeconds: 60 });
    expect(body.secret).not.toBe(secret);
    expect(body.webhook.previousEndsAt).toBe('2026-11-23T09:31:00.000Z');
    const target = await world.events.deliveries.readTarget(id, world.clock.now());
    expect(target?.secrets).toEqual([body.secret, secret]);
  });

  it('[REST145] the log shows what was owed, and what was given up is sent again when it is asked for', async () => {
    const { id } = await make();
    await world.send({ tenant }, { method: 'POST', url: '/v1/documents', payload: { name: 'one' } });
    const { deliveries } = world.events;
    const now = world.clock.now();
    const lanes = await deliveries.claim({ owner: 'n', now, leaseUntil: now + 1, limit: 1_000, except: [] });
    const lane = lanes.find(({ webhookId }) => webhookId === id);
    if (lane === undefined) throw new Error('a lane is due');
    const attempt = { at: now, status: 500, failure: 'status', milliseconds: 7 };
    await deliveries.settle(lane, 1, { kind: 'given-up', attempt, pause: null }, now + 1);
    const entry = {
      id: `evt_${lane.documentId}_1`,
      document: 'one',
      number: 1,
      type: 'document.created',
      state: 'dead',
      queuedAt: '2026-11-23T09:30:00.000Z',
      attempts: 1,
      lastAt: '2026-11-23T09:30:00.000Z',
      status: 500,
      failure: 'status',
      milliseconds: 7,
    };
    expect((await ask(`/${id}/deliveries?state=dead`)).body).toEqual({ deliveries: [entry], nextCursor: null });
    expect((await post(`/${id}/replay`, { document: 'other' })).body).toEqual({ replayed: 0 });
    expect(await post(`/${id}/replay`, {})).toEqual({ status: 202, body: { replayed: 1 } });
    expect((await ask(`/${id}/deliveries?state=pending`)).body.deliveries).toHaveLength(1);
  });
});
