import type { Action } from '@scriptorium/shared/roles';
import type { OperationSite, Sent } from './operation-site.ts';

/** What an operation asks of whoever calls it. */
export type Need =
  /** It is refused without the action. */
  | { readonly kind: 'action'; readonly action: Action }
  /** Everybody who is known is answered, and the answer holds or does what the action allows. */
  | {
      readonly kind: 'within';
      readonly action: Action;
      readonly tells: (site: OperationSite, answer: string) => Promise<boolean>;
    }
  /** A good token is enough. */
  | { readonly kind: 'known' }
  /** No token is needed. */
  | { readonly kind: 'anybody' };

/** A call of an operation as it should be made, with all there that it is about. */
export interface Trial {
  readonly needs: Need;
  readonly prepare: (site: OperationSite) => Promise<Sent> | Sent;
}

const NOTHING = (): Sent => ({});
const known: Need = { kind: 'known' };
const anybody: Need = { kind: 'anybody' };

function needs(action: Action, prepare: Trial['prepare']): Trial {
  return { needs: { kind: 'action', action }, prepare };
}

/** About a document that is there. */
function about(action: Action, more: Omit<Sent, 'path'> = {}): Trial {
  return needs(action, async (site) => ({ path: { name: await site.newDocument() }, ...more }));
}

function aboutVersion(action: Action, more: Omit<Sent, 'path'> = {}): Trial {
  return needs(action, async (site) => ({ path: await site.newVersion(), ...more }));
}

function aboutWebhook(more: Omit<Sent, 'path'> = {}): Trial {
  return needs('manage-webhooks', async (site) => ({ path: { id: await site.newWebhook() }, ...more }));
}

function aboutKey(more: Omit<Sent, 'path'> = {}): Trial {
  return needs('manage-keys', async (site) => ({ path: { id: await site.newKey() }, ...more }));
}

/** Answered to everybody, with the documents that the caller may read. */
function listed(prepare: Trial['prepare'], name: (site: OperationSite) => string, action: Action = 'read'): Trial {
  const tells = (site: OperationSite, answer: string) => Promise.resolve(answer.includes(name(site)));
  return { needs: { kind: 'within', action, tells }, prepare };
}

const markdown = { body: 'words\n', type: 'text/markdown' };
const operations = [{ op: 'insertBlock', to: { at: 'end' }, node: { type: 'paragraph' } }];

/** What is asked of documents themselves and of their contents. */
const CONTENTS: Readonly<Record<string, Trial | readonly Trial[]>> = {
  createDocument: needs('create', (site) => ({ body: { name: site.newName() } })),
  listDocuments: listed(NOTHING, (site) => site.standing),
  readDocument: about('read'),
  changeDocument: [
    needs('rename', async (site) => ({ path: { name: await site.newDocument() }, body: { name: site.newName() } })),
    about('write', { body: { title: 'another' } }),
  ],
  deleteDocument: about('delete'),
  readContent: [
    about('export'),
    needs('read-history', async (site) => ({ path: { name: await site.newDocument(2) }, query: { at: '1' } })),
  ],
  replaceContent: about('write', markdown),
  applyChanges: about('write', { body: { operations } }),
  applyBulkChanges: {
    needs: {
      kind: 'within',
      action: 'write',
      tells: async (site, answer) => (await site.finish(answer)).includes('"done"'),
    },
    prepare: async (site) => ({ body: { documents: [{ name: await site.newDocument(), operations }] } }),
  },
  readJob: { needs: known, prepare: async (site) => ({ path: { id: await site.newJob() } }) },
  importFile: about('write', markdown),
  exportDocument: about('export', { query: { format: 'markdown' } }),
  exportTenant: listed(
    (site) => ({ query: { prefix: site.standing } }),
    (site) => site.standing,
    'export',
  ),
  followDocument: about('read'),
  listPresence: about('see-presence'),
  broadcast: about('write', { body: { payload: 'words' } }),
  search: listed(
    async (site) => ({ query: { q: await site.newWord() } }),
    (site) => site.standing,
  ),
  searchWithBody: listed(
    async (site) => ({ body: { q: await site.newWord() } }),
    (site) => site.standing,
  ),
};

/** What is asked of the past of documents, and of what is published of them. */
const PAST: Readonly<Record<string, Trial | readonly Trial[]>> = {
  readHistory: about('read-history'),
  compareStates: about('read-history', { query: { from: '0' } }),
  readBlame: about('read-history'),
  listVersions: about('read-history'),
  createVersion: about('restore', { body: { label: 'first' } }),
  readVersion: aboutVersion('read-history'),
  labelVersion: aboutVersion('restore', { body: { label: 'another' } }),
  removeVersion: aboutVersion('restore'),
  restoreVersion: aboutVersion('restore'),
  publishDocument: about('publish', { body: {} }),
  readPublication: needs('read', async (site) => ({ path: { name: (await site.newPublication()).name } })),
  withdrawPublication: needs('publish', async (site) => ({ path: { name: (await site.newPublication()).name } })),
  listPublications: listed(
    async (site) => {
      await site.publish(site.standing);
      return {};
    },
    (site) => site.standing,
  ),
  readPublishedPage: { needs: anybody, prepare: async (site) => ({ path: { id: (await site.newPublication()).id } }) },
  readPublishedEdition: {
    needs: anybody,
    prepare: async (site) => ({ path: { id: (await site.newPublication()).id, edition: '1' } }),
  },
  eraseDocument: about('manage-tenant'),
  listErasures: needs('manage-tenant', NOTHING),
  readErasure: needs('manage-tenant', async (site) => ({ path: { id: await site.newErasure() } })),
};

/** What is asked of who may do what. */
const RIGHTS: Readonly<Record<string, Trial | readonly Trial[]>> = {
  listDocumentGrants: about('share'),
  setDocumentGrant: needs('share', async (site) => ({
    path: { name: await site.newDocument(), subject: 'user:lin' },
    body: { role: 'viewer' },
  })),
  revokeDocumentGrant: needs('share', async (site) => ({
    path: { name: await site.grant('lin'), subject: 'user:lin' },
  })),
  createLink: about('share', { body: { role: 'viewer' } }),
  listGrants: [
    needs('manage-tenant', NOTHING),
    needs('share', async (site) => ({ query: { resource: await site.newDocument() } })),
    { needs: known, prepare: (site) => ({ query: { subject: `user:${site.user}` } }) },
  ],
  setGrant: needs('share', (site) => ({
    body: { subject: 'user:lin', resource: `${site.newName()}/*`, role: 'viewer' },
  })),
  revokeGrant: needs('share', async (site) => ({
    query: { subject: 'user:lin', resource: await site.grantPattern('lin') },
  })),
  revokeUser: needs('manage-tenant', () => ({ path: { user: 'lin' } })),
  exportPerson: needs('manage-tenant', () => ({ path: { user: 'root' } })),
  erasePerson: needs('manage-tenant', () => ({ path: { user: 'nobody' } })),
  readPersonErasure: needs('manage-tenant', (site) => ({ path: { user: site.erased } })),
  readmitPerson: needs('manage-tenant', async (site) => ({ path: { user: await site.erasedPerson() } })),
  listApiKeys: needs('manage-keys', NOTHING),
  createApiKey: needs('manage-keys', () => ({ body: { label: 'a machine', role: 'viewer' } })),
  rotateApiKey: aboutKey({ body: {} }),
  revokeApiKey: aboutKey(),
  listAudit: needs('read-audit', NOTHING),
  readSession: { needs: known, prepare: NOTHING },
};

/** What is asked of webhooks, and of the server itself. */
const SERVER: Readonly<Record<string, Trial | readonly Trial[]>> = {
  listWebhooks: needs('manage-webhooks', NOTHING),
  createWebhook: needs('manage-webhooks', (site) => ({ body: site.webhook })),
  readWebhook: aboutWebhook(),
  changeWebhook: aboutWebhook({ body: { label: 'another' } }),
  rotateWebhookSecret: aboutWebhook({ body: {} }),
  deleteWebhook: aboutWebhook(),
  listDeliveries: aboutWebhook(),
  replayDeliveries: aboutWebhook({ body: { which: 'dead' } }),
  rebuildSearch: needs('manage-tenant', NOTHING),
  readSearchRebuild: needs('manage-tenant', NOTHING),
  livez: { needs: anybody, prepare: NOTHING },
  startupz: { needs: anybody, prepare: NOTHING },
  readyz: { needs: anybody, prepare: NOTHING },
  readConfig: { needs: anybody, prepare: NOTHING },
};

/** Every operation of the API by its id, with a call for each right that it asks for. */
export const OPERATION_TRIALS: Readonly<Record<string, readonly Trial[]>> = Object.fromEntries(
  Object.entries({ ...CONTENTS, ...PAST, ...RIGHTS, ...SERVER }).map(([id, trials]) => [
    id,
    [trials].flat() as readonly Trial[],
  ]),
);
