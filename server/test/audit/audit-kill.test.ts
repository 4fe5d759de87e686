import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { afterAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/workers/verify-audit.ts';
import type { AuditStoreUnderTest } from '../contracts/audit-log.contract.ts';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { openPostgresStore } from '../contracts/postgres-store.ts';
import { startNodeProcess } from '../node/node-process.ts';
import { signToken } from '../node/test-node.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createRandom } from '../support/random.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const ROUNDS = process.env['FULL'] === '1' ? 40 : 3;
const CALLERS = 4;
const seed = Date.now() % 1_000_000;

type Send = (method: string, path: string, body?: object) => Promise<Record<string, unknown> | null>;

/** One caller who makes one privileged change after the other, each on something of its own, until nobody answers. */
async function changeThings(send: Send, label: string): Promise<void> {
  for (let count = 0; ; count += 1) {
    const who = `${label}-${count}`;
    await send('PUT', '/v1/grants', { subject: `user:${who}`, resource: 'n/*', role: 'editor' });
    if (count % 2 === 0) await send('DELETE', `/v1/grants?subject=user:${who}&resource=n/*`);
    await send('DELETE', `/v1/users/${who}-gone/access`);
    const made = await send('POST', '/v1/api-keys', { label: who });
    const { id } = (made?.['key'] ?? {}) as { readonly id?: string };
    await send('POST', `/v1/api-keys/${id}/rotate`, {});
    if (count % 2 === 0) await send('DELETE', `/v1/api-keys/${id}`);
    await send('POST', '/v1/documents', { name: who });
    await send('POST', `/v1/documents/${who}/links`, { role: 'viewer' });
    await send('PATCH', `/v1/documents/${who}`, { name: `${who}-b` });
    if (count % 2 === 0) await send('DELETE', `/v1/documents/${who}-b`);
  }
}

/** What is in the store, as the texts of the changes that led there. */
async function readState({ database }: AuditStoreUnderTest): Promise<readonly string[]> {
  const grants = await database.selectFrom('grants').selectAll().execute();
  const voids = await database.selectFrom('user_revocations').selectAll().execute();
  const keys = await database.selectFrom('api_keys').selectAll().execute();
  const names = await database.selectFrom('document_names').selectAll().execute();
  return [
    ...grants.map((row) => `grant ${row.subject_kind}:${row.subject_id} ${row.resource}`),
    ...voids.map((row) => `void user:${row.user_id}`),
    ...keys.map((row) => `key key:${row.id}`),
    ...keys.filter((row) => row.previous_hash !== null).map((row) => `rotated key:${row.id}`),
    ...keys.filter((row) => row.revoked_at !== null).map((row) => `ended key:${row.id}`),
    ...names.filter((row) => row.name.endsWith('-b')).map((row) => `renamed ${row.name}`),
    ...names.filter((row) => row.name.endsWith('-b') && row.state === 'deleted').map((row) => `deleted ${row.name}`),
  ].toSorted();
}

/** The same, as the rows of the audit log tell it. */
async function replayRows({ audit }: AuditStoreUnderTest): Promise<readonly string[]> {
  const state = new Set<string>();
  for (const { action, subject, document, detail } of await audit.readRows(DEFAULT_TENANT, 0, 1_000_000)) {
    if (action === 'grant.set' || action === 'link.create') state.add(`grant ${subject} ${document}`);
    if (action === 'grant.revoke') state.delete(`grant ${subject} ${document}`);
    if (action === 'user.revoke') state.add(`void ${subject}`);
    if (action === 'key.create') state.add(`key ${subject}`);
    if (action === 'key.rotate') state.add(`rotated ${subject}`);
    if (action === 'key.revoke') state.add(`ended ${subject}`);
    if (action === 'document.rename') {
      const { to } = JSON.parse(detail) as { readonly to: string };
      state.add(`renamed ${to}`);
      // Its links go along.
      const moved = [...state].filter((text) => text.startsWith('grant ') && text.endsWith(` ${document}`));
      for (const text of moved) state.delete(text);
      for (const text of moved) state.add(`${text}-b`);
    }
    if (action === 'document.delete') {
      state.add(`deleted ${document}`);
      const ended = [...state].filter((text) => text.startsWith('grant ') && text.endsWith(` ${document}`));
      for (const text of ended) state.delete(text);
    }
  }
  return [...state].toSorted();
}

interface Place {
  readonly variables: Readonly<Record<string, string>>;
  open(): Promise<AuditStoreUnderTest>;
}

async function killRounds(directory: string, place: Place): Promise<void> {
  const random = createRandom(seed);
  const token = await signToken({ sub: 'grace', role: 'admin' });
  let answered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // One admin makes all the changes, more than a person would in a minute.
    const variables = { LIMIT_REQUESTS_PER_MINUTE: '0', ...place.variables };
    const node = startNodeProcess(directory, { variables });
    const port = await node.port;
    const send: Send = async (method, path, body) => {
      const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status} ${text}`);
      answered += 1;
      return text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
    };
    const callers = Array.from({ length: CALLERS }, (_, caller) => changeThings(send, `r${round}c${caller}`));
    const ends = Promise.allSettled(callers);
    await sleep(300 + random.below(700));
    node.kill();
    await node.code;
    const reasons = (await ends).map((end) => (end.status === 'rejected' ? String(end.reason) : ''));
    expect(reasons.filter((reason) => reason.includes('was answered with'))).toEqual([]);
    const store = await place.open();
    expect({ seed, state: await replayRows(store) }).toEqual({ seed, state: await readState(store) });
    const verdicts = await verifyAudit({ audit: store.audit, snapshots: { get: () => Promise.resolve(null) } });
    expect(verdicts.flatMap(({ findings }) => findings)).toEqual([]);
    await store.close();
  }
  expect(answered).toBeGreaterThan(ROUNDS);
}

describe('[AUD22] after kill -9 amid privileged changes there is a row for every committed one, and none without', () => {
  const directory = createTemporaryDirectory('audit-kill');
  afterAll(() => {
    directory.remove();
  });

  it(
    'on SQLite',
    () => killRounds(directory.path, { variables: {}, open: () => openEmbeddedStore(directory.path) }),
    180_000,
  );

  it.skipIf(missing.postgres)(
    'on PostgreSQL',
    async () => {
      const url = await newDatabase();
      await killRounds(directory.path, { variables: { DATABASE_URL: url }, open: () => openPostgresStore(url) });
    },
    180_000,
  );
});
