import { expect, it } from 'vitest';
import { attempt, claimLane, newWebhook } from './event-fixtures.ts';
import { AT, BY, name, newTenant } from './store-under-test.ts';
import { NOBODY, rowsOf, told, type ToldStoreUnderTest } from './told-store.ts';

/** What every store must write down of what is done to webhooks; called within the suite on all changes. */
export function describeToldWebhooks(get: () => ToldStoreUnderTest): void {
  const SECRET_PATH = 'https://example.org/hook/very-secret';

  it('[AUD220] all that is done to a webhook has its row, without its secret and the path of its address', async () => {
    const store = get();
    const tenant = newTenant();
    const webhook = await newWebhook(store, tenant, { url: SECRET_PATH });
    const { webhooks, deliveries } = store;
    const { id } = webhook;
    await webhooks.add(webhook, 'whsec_first', 50);
    const change = (wanted: object) => webhooks.change(tenant, id, { change: wanted, act: BY });
    await change({ label: 'crm', events: ['document.created'] });
    await change({ label: 'crm' });
    await change({});
    await change({ paused: 'by-hand' });
    await change({ paused: 'by-hand' });
    await change({ paused: null });
    for (const _ of [1, 2]) await webhooks.rotate(tenant, id, { text: 'whsec_second', previousEndsAt: AT, act: BY });
    const query = { since: 0, which: 'dead', name: null, act: BY } as const;
    await deliveries.replay(tenant, id, query);
    await store.catalog.create(tenant, name('one'), 'ada', AT);
    const lane = await claimLane(store, id);
    await deliveries.settle(lane, 1, { kind: 'given-up', attempt, pause: null }, AT + 60_000);
    await deliveries.replay(tenant, id, query);
    for (const _ of [1, 2]) await webhooks.remove(tenant, id, BY);
    const where = { host: 'example.org', documents: ['*'] };
    const about = { actor: 'grace', document: null, subject: `webhook:${id}` };
    expect(await told(store, tenant)).toEqual([
      { ...about, action: 'webhook.create', detail: { ...where, events: [] } },
      {
        ...about,
        action: 'webhook.change',
        detail: { changed: ['label', 'events'], ...where, events: ['document.created'] },
      },
      { ...about, action: 'webhook.pause', detail: {} },
      { ...about, action: 'webhook.resume', detail: {} },
      { ...about, action: 'webhook.rotate', detail: { previousEndsAt: AT } },
      { ...about, action: 'webhook.replay', detail: { which: 'dead', replayed: 1 } },
      { ...about, action: 'webhook.delete', detail: {} },
    ]);
    expect(JSON.stringify(await rowsOf(store, tenant))).not.toMatch(/secret|whsec/);
  });

  it('[AUD221] a change of a webhook whose row cannot be written does not happen, nor does one that is not as it must be', async () => {
    const store = get();
    const tenant = newTenant();
    await expect(newWebhook(store, tenant, { createdBy: NOBODY.user })).rejects.toBeInstanceOf(Error);
    expect((await store.webhooks.list(tenant, { cursor: null, limit: 9 })).webhooks).toEqual([]);
    const webhook = await newWebhook(store, tenant);
    const { webhooks } = store;
    const { id } = webhook;
    const change = { label: 'x' };
    await expect(webhooks.change(tenant, id, { change, act: NOBODY })).rejects.toBeInstanceOf(Error);
    const rotation = { text: 'whsec_second', previousEndsAt: AT + 9, act: NOBODY };
    await expect(webhooks.rotate(tenant, id, rotation)).rejects.toBeInstanceOf(Error);
    await expect(webhooks.remove(tenant, id, NOBODY)).rejects.toBeInstanceOf(Error);
    const seen: unknown[] = [];
    const mayChange = (current: unknown): boolean => {
      seen.push(current);
      return false;
    };
    expect(await webhooks.change(tenant, id, { change, act: BY, mayChange })).toBe('moved');
    expect(seen).toEqual([webhook]);
    expect(await webhooks.read(tenant, id)).toEqual(webhook);
    expect((await store.deliveries.readTarget(id, AT))?.secrets).toEqual(['whsec_first']);
    expect(await rowsOf(store, tenant)).toHaveLength(1);
  });

  it('[REST222] of many changes of a webhook that name one state, one is made', async () => {
    const store = get();
    const tenant = newTenant();
    const { id } = await newWebhook(store, tenant);
    const changes = Array.from({ length: 8 }, (_, index) =>
      store.webhooks.change(tenant, id, {
        change: { label: `l${index}` },
        act: BY,
        mayChange: ({ label }) => label === '',
      }),
    );
    expect((await Promise.all(changes)).filter((outcome) => outcome !== 'moved')).toHaveLength(1);
    expect(await rowsOf(store, tenant)).toHaveLength(2);
  });
}
