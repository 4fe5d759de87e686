import {
  apiKeyListSchema,
  apiKeySecretSchema,
  grantListSchema,
  grantSchema,
  linkSchema,
} from '@scriptorium/shared/access-schemas';
import { auditListSchema } from '@scriptorium/shared/audit-schemas';
import { erasureListSchema, erasureSchema, personExportSchema } from '@scriptorium/shared/erasure-schemas';
import { importedSchema } from '@scriptorium/shared/export-schemas';
import { blameSchema, diffSchema, historySchema } from '@scriptorium/shared/history-schemas';
import { presenceSchema } from '@scriptorium/shared/presence-schemas';
import {
  clientConfigSchema,
  documentListSchema,
  documentSchema,
  sessionSchema,
  signInSchema,
} from '@scriptorium/shared/rest-schemas';
import { searchRebuildSchema } from '@scriptorium/shared/search-schemas';
import {
  publicationListSchema,
  publicationSchema,
  restoredSchema,
  versionListSchema,
  versionSchema,
} from '@scriptorium/shared/version-schemas';
import {
  deliveryListSchema,
  replayedSchema,
  webhookListSchema,
  webhookSchema,
  webhookSecretSchema,
} from '@scriptorium/shared/webhook-schemas';
import { changesAnswerSchema, jobSchema, writtenSchema } from '@scriptorium/shared/write-schemas';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { CLIENT_OPERATIONS, type ClientMethods } from '../support/rest-clients.ts';
import { callRest, readField } from '../support/rest-client.ts';
import { createServerSite, type ServerSite } from '../support/scriptorium-server.ts';

/** Operations that no program calls through the client, and why. */
const NOT_CALLED = {
  livez: 'asked by what runs the server',
  startupz: 'asked by what runs the server',
  readyz: 'asked by what runs the server',
  readPublishedPage: 'a page for browsers, whose address the publication tells',
  readPublishedEdition: 'a page for browsers, whose address the publication tells',
  search: 'the question of searchWithBody, in an address',
} as const;

const CONTENT = '#/components/schemas/Content';

/** What each operation answers that has an answer in JSON: its schema is the one that the client's type is made of. */
const ANSWERS = {
  readConfig: clientConfigSchema,
  signIn: signInSchema,
  readSession: sessionSchema,
  listDocuments: documentListSchema,
  readDocument: documentSchema,
  createDocument: documentSchema,
  changeDocument: documentSchema,
  replaceContent: writtenSchema,
  applyChanges: changesAnswerSchema,
  applyBulkChanges: jobSchema,
  readJob: jobSchema,
  listVersions: versionListSchema,
  createVersion: versionSchema,
  readVersion: versionSchema,
  labelVersion: versionSchema,
  restoreVersion: restoredSchema,
  publishDocument: publicationSchema,
  readPublication: publicationSchema,
  listPublications: publicationListSchema,
  listWebhooks: webhookListSchema,
  createWebhook: webhookSecretSchema,
  readWebhook: webhookSchema,
  changeWebhook: webhookSchema,
  rotateWebhookSecret: webhookSecretSchema,
  listDeliveries: deliveryListSchema,
  replayDeliveries: replayedSchema,
  readHistory: historySchema,
  compareStates: diffSchema,
  readBlame: blameSchema,
  importFile: importedSchema,
  listPresence: presenceSchema,
  listDocumentGrants: grantListSchema,
  setDocumentGrant: grantSchema,
  createLink: linkSchema,
  listGrants: grantListSchema,
  setGrant: grantSchema,
  listApiKeys: apiKeyListSchema,
  createApiKey: apiKeySecretSchema,
  rotateApiKey: apiKeySecretSchema,
  listAudit: auditListSchema,
  eraseDocument: erasureSchema,
  listErasures: erasureListSchema,
  readErasure: erasureSchema,
  exportPerson: personExportSchema,
  erasePerson: erasureSchema,
  readPersonErasure: erasureSchema,
  rebuildSearch: searchRebuildSchema,
  readSearchRebuild: searchRebuildSchema,
} as const;

/** Of methods with the name of their operation: what they resolve to, where there is something. */
type Answer<Name> = Name extends keyof ClientMethods
  ? ClientMethods[Name] extends (...args: never[]) => Promise<infer Result>
    ? Exclude<Result, null>
    : never
  : never;

/** Operations whose method is typed as something else than their schema says. */
type Mistyped = {
  [Name in keyof typeof ANSWERS]: Name extends keyof ClientMethods
    ? [Answer<Name>] extends [never]
      ? Name
      : Answer<Name> extends ReturnType<(typeof ANSWERS)[Name]['parse']>
        ? never
        : Name
    : never;
}[keyof typeof ANSWERS];

describe('[SDK50] the REST client has what the OpenAPI document has', () => {
  let site: ServerSite;
  let document: unknown;
  let described: readonly { readonly id: string; readonly method: string; readonly path: string }[];

  beforeAll(async () => {
    site = await createServerSite();
    // Signing in by name is described where it is offered.
    await site.start({ env: { JWT_SECRET: '' } });
    document = (await callRest(`${site.url}/openapi.json`)).body;
    const paths = readField(document, 'paths') as Readonly<Record<string, Readonly<Record<string, object>>>>;
    described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        id: String(readField(methods, method, 'operationId')),
        method: method.toUpperCase(),
        path,
      })),
    );
  });
  afterAll(() => site.dispose());

  it('every operation of the client is one of the document, with its method and address', () => {
    const known = new Map(described.map(({ id, method, path }) => [id, { method, path }]));
    for (const [name, operation] of Object.entries(CLIENT_OPERATIONS))
      expect([name, known.get(name)]).toEqual([name, operation]);
  });

  it('every operation of the document is one of the client, or no program needs it', () => {
    const missing = described.map(({ id }) => id).filter((id) => !(id in CLIENT_OPERATIONS));
    expect(missing.sort()).toEqual(Object.keys(NOT_CALLED).sort());
  });

  it('every answer in JSON is of the schema that it is typed by', () => {
    const answers = described.flatMap(({ id, method, path }) => {
      if (!(id in CLIENT_OPERATIONS)) return [];
      const responses = readField(document, 'paths', path, method.toLowerCase(), 'responses') as object;
      const success = Object.keys(responses).filter((status) => /^20[0-2]$/.test(status));
      const references = success.map((status) =>
        readField(responses, status, 'content', 'application/json', 'schema', '$ref'),
      );
      // Some answer nothing, and content, exports and streams are of many types.
      const isTyped = references.length > 0 && !references.some((it) => it === undefined || it === CONTENT);
      return isTyped ? [[id, new Set(references)] as const] : [];
    });
    const typed = Object.entries(ANSWERS).map(
      ([id, schema]) => [id, new Set([`#/components/schemas/${schema.meta()?.id}`])] as const,
    );
    // A search has its type from the schema of its page, which the editor's client names otherwise.
    const found = new Map(answers.filter(([id]) => id !== 'searchWithBody'));
    expect(found).toEqual(new Map(typed));
    expectTypeOf<Mistyped>().toBeNever();
  });
});
