import type { AuditRow } from '@scriptorium/shared/audit-chain';
import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import { expect, it } from 'vitest';
import type { AuditQuery } from '../ports/audit-log.ts';
import type { PastName } from '../ports/erased-people.ts';
import { createToldAudit } from './told-audit.ts';

const row = (seq: number, more: Partial<AuditRow>): AuditRow => ({
  chain: DEFAULT_TENANT,
  seq,
  at: seq,
  actor: 'grace',
  action: 'grant.set',
  document: 'notes',
  subject: null,
  detail: '{}',
  hash: `hash ${seq}`,
  ...more,
});

const ROWS = [
  row(1, { actor: 'ada' }),
  row(2, { subject: 'user:ada', detail: '{"role":"editor","for":"ada","n":1}' }),
  row(3, { subject: 'group:ada' }),
  row(4, { actor: 'lin' }),
  row(9, { actor: 'lin' }),
];

const NAMES = new Map<string, readonly PastName[]>([
  ['ada', [{ pseudonym: 'erased:1', until: Infinity }]],
  // Readmitted at 5.
  ['lin', [{ pseudonym: 'erased:2', until: 5 }]],
]);

const asked: string[] = [];
const told = createToldAudit({
  audit: {
    list: ({ actor }) =>
      Promise.resolve({ rows: ROWS.filter((it) => actor === null || it.actor === actor), nextCursor: null }),
    readRows: () => Promise.resolve(ROWS),
  },
  people: {
    readNames: (_tenant, users) => {
      asked.push(...users);
      return Promise.resolve(new Map([...NAMES].filter(([user]) => users.includes(user))));
    },
  },
});

const query = (more: Partial<AuditQuery>): AuditQuery => ({
  tenant: DEFAULT_TENANT,
  document: null,
  actor: null,
  cursor: null,
  limit: 100,
  ...more,
});

it('[HOOK255] whoever was erased stands under the pseudonym in actor, subject and detail, up to where they came back', async () => {
  const rows = await told.readRows(DEFAULT_TENANT, 0, 100);
  expect(rows.map(({ actor, subject, detail }) => [actor, subject, detail])).toEqual([
    ['erased:1', null, '{}'],
    ['grace', 'user:erased:1', '{"role":"editor","for":"erased:1","n":1}'],
    ['grace', 'group:ada', '{}'],
    ['erased:2', null, '{}'],
    ['lin', null, '{}'],
  ]);
  expect(rows.map(({ hash }) => hash)).toEqual(ROWS.map(({ hash }) => hash));
  expect((await told.list(query({}))).rows).toEqual(rows);
});

it('[HOOK255] nobody learns by the id what the pseudonym is', async () => {
  expect((await told.list(query({ actor: 'ada' }))).rows).toEqual([]);
  expect((await told.list(query({ actor: 'lin' }))).rows.map(({ seq }) => seq)).toEqual([9]);
  expect((await told.list(query({ actor: 'grace' }))).rows).toHaveLength(2);
});

it('[HOOK255] the register of chains is about no person', async () => {
  asked.length = 0;
  expect(await told.readRows('*', 0, 100)).toEqual(ROWS);
  expect(asked).toEqual([]);
});
