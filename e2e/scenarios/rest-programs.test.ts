import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentEvent } from '../../client/src/sdk/document-event.ts';
import { createClients } from '../support/rest-clients.ts';
import { createServerSite, type RunningServer, type ServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { waitUntil, withDeadline } from '../support/wait-until.ts';

const START = { env: { EVENTS_QUIET_SECONDS: '1' } };

describe('programs and the REST client', () => {
  let site: ServerSite;
  let server: RunningServer;
  let clients: ReturnType<typeof createClients>;
  beforeAll(async () => {
    site = await createServerSite();
    server = await site.start(START);
    clients = createClients({ baseUrl: site.url, token: () => mintToken({ sub: 'grace', role: 'admin' }) });
  });
  afterAll(() => site.dispose());

  it('[SDK262] histories, differences and authors are read with their entity tags', async () => {
    const { content, history, versions } = clients;
    await content.createDocument({ name: 'past/a', content: { format: 'text', text: 'one' } });
    await content.replaceContent('past/a', { format: 'text', body: 'one two' });
    const sittings = await history.readHistory('past/a', { pause: 5 });
    expect(sittings).toMatchObject({ sittings: [{ author: 'grace', fromSeq: 1, toSeq: 2 }], earlier: null });
    expect(await history.readHistory('past/a', { pause: 5, etag: sittings?.etag ?? '' })).toBeNull();
    const version = await versions.createVersion('past/a', { label: 'First', at: 1 });
    expect(await versions.readVersion('past/a', version.id)).toEqual(version);
    const diff = await history.compareStates('past/a', { from: version.id, to: 2 });
    expect(diff).toMatchObject({ from: 1, to: 2 });
    const html = await history.compareStatesAsHtml('past/a', { from: 1 });
    expect(html?.html).toMatch(/<ins[^>]*data-author="grace"[^>]*> two<\/ins>/);
    const blame = await history.readBlame('past/a', { at: 1 });
    expect(blame).toMatchObject({ at: 1, blocks: [{ content: [{ text: 'one', by: { author: 'grace', seq: 1 } }] }] });
    await versions.publishDocument('past/a');
    expect((await versions.listPublications({ limit: 1 })).publications).toHaveLength(1);
  });

  it('[SDK262] documents are taken out as files and in again, one or all', async () => {
    const { files } = clients;
    const imported = await files.importFile('files/a', { format: 'markdown', body: '# A title\n' });
    expect(imported).toMatchObject({ name: 'files/a', created: true });
    const docx = await files.exportDocument('files/a', 'docx');
    expect([docx.etag, Buffer.from(docx.bytes).toString('latin1', 0, 2)]).toEqual(['"1-1"', 'PK']);
    await files.importFile('files/b', { format: 'docx', body: docx.bytes }, { idempotencyKey: 'b' });
    expect(new TextDecoder().decode((await files.exportDocument('files/b')).bytes)).toBe('# A title\n');
    const pieces: Uint8Array[] = [];
    for await (const piece of await files.exportTenant({ prefix: 'files/', history: true })) pieces.push(piece);
    const archive = Buffer.concat(pieces).toString('latin1');
    for (const entry of ['documents/files/a.md', 'history/files/b.json', 'manifest.json'])
      expect(archive).toContain(entry);
  });

  it('[SDK262] roles, links and keys are given and taken back', async () => {
    const { access, content } = clients;
    await content.createDocument({ name: 'shared', content: { format: 'text', text: 'one' } });
    const grant = await access.setDocumentGrant('shared', 'user:eve', { role: 'viewer' });
    const link = await access.createLink('shared', { role: 'viewer' });
    const listed = (await access.listDocumentGrants('shared')).grants;
    expect(listed).toEqual(expect.arrayContaining([grant, link.grant]));
    const own = createClients({ baseUrl: site.url, token: () => mintToken({ sub: 'eve', role: null }) });
    expect((await own.content.readContent('shared', { format: 'text' }))?.body).toBe('one');
    await access.revokeDocumentGrant('shared', 'user:eve');
    await expect(own.content.readContent('shared', { format: 'text' })).rejects.toMatchObject({ code: 'forbidden' });
    await access.setGrant({ subject: 'user:eve', resource: '*', role: 'viewer' });
    await access.setGrant({ subject: 'user:ben', resource: '*', role: 'viewer' });
    await access.revokeGrant({ subject: 'user:ben', resource: '*' });
    expect((await access.listGrants({ subject: 'user:ben' })).grants).toEqual([]);
    await access.revokeUser('eve');
    await expect(own.content.readContent('shared', { format: 'text' })).rejects.toMatchObject({ status: 401 });
    const { key, secret } = await access.createApiKey({ label: 'nightly', role: 'viewer' });
    const rotated = await access.rotateApiKey(key.id, { overlapSeconds: 0 });
    expect(rotated.secret).not.toBe(secret);
    const machine = createClients({ baseUrl: site.url, token: () => rotated.secret });
    expect((await machine.content.readContent('shared', { format: 'text' }))?.body).toBe('one');
    await access.revokeApiKey(key.id);
    expect((await access.listApiKeys()).keys).toMatchObject([{ id: key.id, revokedAt: expect.any(String) as unknown }]);
  });

  it('[SDK262] a tenant is looked after', async () => {
    const { tenant, content, events, webhooks } = clients;
    await content.createDocument({ name: 'doomed', content: { format: 'text', text: 'one' } });
    expect((await events.listPresence('doomed')).clients).toEqual([]);
    await events.broadcast('doomed', '{"type":"hello"}');
    const { webhook } = await webhooks.createWebhook({ url: 'https://example.org/hook' });
    expect((await webhooks.listDeliveries(webhook.id, { state: 'dead' })).deliveries).toEqual([]);
    expect(await webhooks.replayDeliveries(webhook.id, { which: 'dead' })).toEqual({ replayed: 0 });
    const erasure = await tenant.eraseDocument('doomed');
    expect(await tenant.readErasure(erasure.id)).toMatchObject({ id: erasure.id, kind: 'document' });
    expect((await tenant.listErasures()).erasures).toMatchObject([{ id: erasure.id }]);
    const ofPerson = await tenant.erasePerson('nobody');
    expect(ofPerson).toMatchObject({ kind: 'person', finishedAt: null });
    expect(await tenant.readPersonErasure('nobody')).toMatchObject({ id: ofPerson.id });
    expect(await tenant.readErasure(ofPerson.id)).toMatchObject({ pseudonym: ofPerson.pseudonym });
    await expect(tenant.readmitPerson('nobody')).rejects.toMatchObject({ code: 'bad-request' });
    expect(await tenant.exportPerson('grace')).toMatchObject({ user: 'grace' });
    const { entries } = await tenant.listAudit({ actor: 'grace', limit: 100 });
    expect(entries.map(({ action }) => action)).toContain('webhook.create');
    await tenant.rebuildSearch();
    await waitUntil(async () => (await tenant.readSearchRebuild()).state === 'finished', { what: 'the index is made' });
  });

  it('[SDK263] a listener misses nothing and hears nothing twice while the server is killed and started again', async () => {
    const { content, versions, events } = clients;
    await content.createDocument({ name: 'heard', content: { format: 'text', text: 'one' } });
    const heard: DocumentEvent[] = [];
    const controller = new AbortController();
    const listening = (async () => {
      const stream = events.followDocument('heard', { after: 0, signal: controller.signal });
      for await (const event of stream) heard.push(event);
    })();
    await waitUntil(() => heard.length > 0, { what: 'the first event is heard' });
    for (let round = 0; round < 3; round += 1) {
      await versions.createVersion('heard', { label: `before ${round}` });
      await server.kill();
      server = await site.start(START);
      await versions.createVersion('heard', { label: `after ${round}` });
    }
    await content.changeDocument('heard', { name: 'renamed' });
    await waitUntil(() => heard.some(({ type }) => type === 'document.renamed'), {
      what: 'the rename is heard',
      timeoutMs: 60_000,
    });
    await content.replaceContent('renamed', { format: 'text', body: 'two' });
    await versions.publishDocument('renamed');
    await content.deleteDocument('renamed');
    await withDeadline(listening, { what: 'the stream ends with the document', timeoutMs: 60_000 });
    expect(heard.map(({ data }) => data.number)).toEqual(heard.map((_, index) => index + 1));
    const labels = heard.flatMap((event) => (event.type === 'version.created' ? [event.data.label] : []));
    expect(labels).toEqual([0, 1, 2].flatMap((round) => [`before ${round}`, `after ${round}`]));
    const renamed = heard.find((event) => event.type === 'document.renamed');
    expect(renamed?.data).toMatchObject({ from: 'heard', document: 'renamed' });
    expect(heard.at(-1)?.type).toBe('document.deleted');
    controller.abort();
  });
});
