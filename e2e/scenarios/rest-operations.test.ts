import { createContentClient } from '../../client/src/sdk/rest-content.ts';
import { createVersionClient } from '../../client/src/sdk/rest-versions.ts';
import { createWebhookClient } from '../../client/src/sdk/rest-webhooks.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('the REST client and the server', () => {
  let site: ServerSite;
  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
  });
  afterAll(() => site.dispose());

  it('[SDK51] contents are read and written with their entity tag', async () => {
    const token = await mintToken({ sub: 'ada' });
    const client = createContentClient({ baseUrl: site.url, token: () => token });
    const created = await client.createDocument({ name: 'a/b', title: 'T', content: { format: 'text', text: 'one' } });
    expect(created).toMatchObject({ name: 'a/b', title: 'T', seq: 1 });
    const first = await client.readContent('a/b', { format: 'markdown' });
    expect(first).toEqual({ body: 'one\n', etag: '"1-1"' });
    expect(await client.readContent('a/b', { format: 'markdown', etag: '"1-1"' })).toBeNull();
    const written = await client.replaceContent(
      'a/b',
      { format: 'markdown', body: 'one two\n' },
      { ifMatch: '"1-1"', idempotencyKey: 'k' },
    );
    expect(written).toEqual({ epoch: 1, seq: 2, created: false, changed: true, etag: '"1-2"' });
    const stale = client.replaceContent('a/b', { format: 'markdown', body: 'x\n' }, { ifMatch: '"1-1"' });
    await expect(stale).rejects.toMatchObject({ code: 'precondition-failed', status: 412 });
    const operations = [{ op: 'replace' as const, range: { quote: { exact: 'two' } }, text: 'three' }];
    expect(await client.applyChanges('a/b', { operations })).toMatchObject({
      seq: 3,
      results: [{ status: 'applied' }],
    });
    expect((await client.readContent('a/b', { format: 'text', at: 2 }))?.body).toBe('one two');
    expect(await client.changeDocument('a/b', { metadata: { a: 1 } })).toMatchObject({ metadata: { a: 1 } });
    const job = await client.applyBulkChanges({
      documents: [{ name: 'a/b', operations: [{ ...operations[0]!, range: { quote: { exact: 'one' } } }] }],
    });
    await waitUntil(async () => (await client.readJob(job.id)).status === 'finished', { what: 'the job is finished' });
    expect((await client.readContent('a/b', { format: 'text', fresh: true }))?.body).toBe('three three');
    await client.deleteDocument('a/b');
    const gone = client.readContent('a/b', { format: 'text', fresh: true });
    await expect(gone).rejects.toMatchObject({ code: 'document-deleted', status: 410 });
  });

  it('[SDK220] versions, publications and webhooks are changed under their conditions, and once', async () => {
    const token = await mintToken({ sub: 'grace', role: 'admin' });
    const options = { baseUrl: site.url, token: () => token };
    const content = createContentClient(options);
    await content.createDocument({ name: 'v', content: { format: 'text', text: 'one' } });
    await content.replaceContent('v', { format: 'text', body: 'two' });
    const versions = createVersionClient(options);
    const once = { idempotencyKey: 'version' };
    const version = await versions.createVersion('v', { label: 'First', at: 1 }, once);
    expect(await versions.createVersion('v', { label: 'First', at: 1 }, once)).toEqual(version);
    expect((await versions.listVersions('v', { kind: 'named' })).versions).toEqual([version]);
    const stale = versions.restoreVersion('v', version.id, { ifMatch: '"1-1"' });
    await expect(stale).rejects.toMatchObject({ code: 'precondition-failed' });
    expect(await versions.restoreVersion('v', version.id, { ifMatch: '"1-2"' })).toMatchObject({
      seq: 3,
      changed: true,
    });
    expect((await content.readContent('v', { format: 'text', fresh: true }))?.body).toBe('one');
    expect(await versions.labelVersion('v', { version: version.id, label: 'Draft' })).toMatchObject({ label: 'Draft' });
    const publication = await versions.publishDocument('v', { at: 2, title: 'T' }, { ifMatch: '"1-3"' });
    expect(await versions.readPublication('v')).toEqual(publication);
    await versions.withdrawPublication('v');
    await versions.removeVersion('v', version.id);
    const webhooks = createWebhookClient(options);
    const { webhook, etag, secret } = await webhooks.createWebhook({ url: 'https://example.org/hook' });
    expect(await webhooks.readWebhook(webhook.id)).toEqual({ ...webhook, etag });
    const paused = await webhooks.changeWebhook(webhook.id, { paused: true }, { ifMatch: etag });
    expect(paused).toMatchObject({ paused: 'by-hand' });
    const late = webhooks.changeWebhook(webhook.id, { label: 'x' }, { ifMatch: etag });
    await expect(late).rejects.toMatchObject({ code: 'precondition-failed' });
    expect((await webhooks.rotateWebhookSecret(webhook.id)).secret).not.toBe(secret);
    expect((await webhooks.listWebhooks()).webhooks).toHaveLength(1);
    await webhooks.deleteWebhook(webhook.id);
  });
});
