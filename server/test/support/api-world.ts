import { createProxyTrust } from '../../src/access/client-address.ts';
import { createNodeRateWindows } from '../../src/access/node-rate-windows.ts';
import { DEFAULT_TENANT } from '@scriptorium/shared/document-name';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { SignJWT } from 'jose';
import type * as Y from 'yjs';
import { createDevelopmentIssuer } from '../../src/adapters/jwt/development-issuer.ts';
import { createJwtVerifier } from '../../src/adapters/jwt/jwt-verifier.ts';
import { createCredentialVerifier } from '../../src/access/credential-verifier.ts';
import type { AccessWatch } from '../../src/access/access-watch.ts';
import { createAuditLog } from '../../src/adapters/sql/audit-log.ts';
import { createJobStore } from '../../src/adapters/sql/job-store.ts';
import { createRequestLedger } from '../../src/adapters/sql/request-ledger.ts';
import { createDocumentCatalog } from '../../src/adapters/sql/document-catalog.ts';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import { createStoredHistory } from '../../src/adapters/sql/stored-history.ts';
import { createStoredEvents, type StoredEvents } from '../../src/adapters/sql/stored-events.ts';
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts';
import { createSqliteUpdateLog } from '../../src/adapters/sqlite/update-log.ts';
import type { ApiDeps, Readiness, SearchParts } from '../../src/api/api-deps.ts';
import { requireDocumentName } from '../../src/api/authenticate.ts';
import { createKnownRecords } from '../../src/api/known-records.ts';
import { createContentReader } from '../../src/api/read-content.ts';
import { createConversions } from '../../src/content/conversions.ts';
import { createApi } from '../../src/api/create-api.ts';
import { answerPast } from '../../src/content/history/answer-past.ts';
import { createDocumentPast } from '../../src/content/history/document-past.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { parseTokenClaims } from '../../src/core/token-claims.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import type { DocumentCatalog } from '../../src/ports/document-catalog.ts';
import { createAuditJournal, type WritingJournal } from '../../src/workers/audit-journal.ts';
import type { AuditLog } from '../../src/ports/audit-log.ts';
import type { ApiKeyStore } from '../../src/ports/api-key-store.ts';
import type { GrantStore } from '../../src/ports/grant-store.ts';
import type { RequestLedger } from '../../src/ports/request-ledger.ts';
import type { RetireReason } from '../../src/ports/live-documents.ts';
import { createPlayedDocuments } from './played-documents.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createEventParts } from './event-parts.ts';
import { createSearchParts, NOTHING_FOUND } from './search-parts.ts';
import { createStandingParts } from './standing-parts.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

const SECRET = new Uint8Array(32).fill(3);

type Claims = Readonly<Record<string, unknown>>;

/** The REST API over a real catalog and log; only the rooms are played. */
export interface ApiWorld {
  readonly app: FastifyInstance;
  readonly grants: GrantStore;
  readonly keys: ApiKeyStore;
  readonly events: StoredEvents;
  readonly audit: AuditLog;
  readonly journal: WritingJournal;
  readonly watch: AccessWatch;
  readonly clock: FakeClock;
  readonly logLines: readonly string[];
  /** Documents that were retired, in order. */
  readonly retired: readonly { readonly name: string; readonly reason: RetireReason }[];
  /** How often a state was read. */
  readonly reads: () => number;
  /** Makes the catalog fail from now on, or work again. */
  setFailure(error: Error | null): void;
  setReadiness(readiness: Readiness): void;
  /** Makes the next write under an idempotency key fail when all but its answer is kept, as where a node is killed then. */
  loseAnswer(): void;
  /** Commits one edit to a document. */
  edit(name: string, change: (document: Y.Doc) => void): Promise<void>;
  /** Flips a bit of a document's first row. */
  damage(name: string): Promise<void>;
  token(claims?: Claims): Promise<string>;
  /** Sends a request with a token of these claims. */
  send(claims: Claims, options: InjectOptions): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

/** Makes a world; `overrides` replace single dependencies of the API. Search is there with an index to play. */
export async function createApiWorld({
  search = NOTHING_FOUND,
  ...overrides
}: Partial<Omit<ApiDeps, 'search'>> & { readonly search?: Pick<SearchParts, 'index'> } = {}): Promise<ApiWorld> {
  const clock = createFakeClock({ now: Date.parse('2026-11-23T09:30:00.000Z') });
  const logLines: string[] = [];
  const log = createLogger({ level: 'debug', destination: { write: (line) => void logLines.push(line) } });
  const metrics = createMetrics();
  const directory = createTemporaryDirectory('api');
  const sqlite = await openSqlite({ directory: directory.path, clock, log });
  const { catalog, setFailure } = createFailingCatalog(createDocumentCatalog({ database: sqlite.database }));
  const updateLog = createSqliteUpdateLog(sqlite);
  const played = createPlayedDocuments(catalog, updateLog);
  const stored = createStoredHistory(sqlite);
  const snapshots = createFilesystemSnapshotStore({ directory: `${directory.path}/snapshots` });
  const records = createKnownRecords({ catalog: overrides.catalog ?? catalog, clock });
  const { documents = played.documents } = overrides;
  const conversions = createConversions({ clock });
  const ledger = createForgetfulLedger(createRequestLedger(sqlite));
  let readiness: Readiness = { kind: 'ready' };
  const tokens = createJwtVerifier({
    secret: SECRET,
    issuer: null,
    audience: null,
    clock,
    parseClaims: parseTokenClaims,
  });
  const standing = createStandingParts(sqlite.database, clock, { log, metrics });
  const events = createStoredEvents({ database: sqlite.database });
  const audit = createAuditLog({ database: sqlite.database });
  const journal = createAuditJournal({ audit, clock, telemetry: { log, metrics } });
  const app = await createApi({
    config: {
      allowedOrigins: [],
      limits: {
        bodyBytes: 10_000,
        messageBytes: 100_000,
        httpConnectionsPerAddress: 1_000,
        requestsPerMinute: Infinity,
        anonymousPerMinute: Infinity,
      },
    },
    version: '1.2.3',
    catalog,
    documents,
    proxies: createProxyTrust([]),
    rateWindows: createNodeRateWindows({ clock }),
    versions: stored.versions,
    publications: stored.publications,
    writer: played.writer,
    conversions,
    records,
    reader: createContentReader({ documents, conversions, cacheBytes: 1e6, shared: null, clock }),
    requests: ledger.requests,
    jobs: createJobStore(sqlite),
    wakeJobs: () => undefined,
    past: createDocumentPast({
      ...stored,
      log: updateLog,
      snapshots,
      telemetry: { log, metrics },
      answer: (question) => Promise.resolve(answerPast(question)),
    }),
    verifier: createCredentialVerifier({ ...standing, tokens }),
    access: standing.access,
    grants: standing.grants,
    keys: standing.keys,
    search: { ...search, ...createSearchParts(sqlite.database, standing.watch) },
    ...events,
    ...createEventParts({ events, directory: directory.path, clock, telemetry: { log, metrics }, sqlite }),
    audit,
    journal,
    presencePolicy: { seeRole: 'viewer', showRole: 'viewer' },
    noteAccessChange: () => standing.watch.look(),
    developmentIssuer: createDevelopmentIssuer({ secret: SECRET, clock }),
    appDirectory: null,
    health: { started: () => true, readiness: () => Promise.resolve(readiness) },
    metricsPage: (shown) => metrics.page(shown),
    telemetry: { log, metrics },
    clock,
    ...overrides,
  });
  const token = (claims: Claims = {}): Promise<string> => sign({ exp: clock.now() / 1000 + 60, ...claims });
  return {
    ...played,
    ...standing,
    events,
    audit,
    journal,
    edit: async (name, change) => {
      await played.edit(name, change);
      records.forget(DEFAULT_TENANT, requireDocumentName(name));
    },
    app,
    clock,
    logLines,
    setFailure,
    setReadiness: (next) => {
      readiness = next;
    },
    loseAnswer: ledger.loseAnswer,
    token,
    damage: async (name) => {
      const { id } = await played.find(name);
      const payload = new Uint8Array([9, 9, 9]);
      await sqlite.database
        .updateTable('log_rows')
        .set({ payload })
        .where('document_id', '=', id)
        .where('seq', '=', 1)
        .execute();
    },
    send: async (claims, options) =>
      app.inject({ ...options, headers: { ...options.headers, authorization: `Bearer ${await token(claims)}` } }),
    close: async () => {
      await app.close();
      await journal.drain(0);
      await conversions.drain(0);
      await standing.watch.drain(0);
      await sqlite.close();
      directory.remove();
    },
  };
}

function sign(claims: Claims): Promise<string> {
  return new SignJWT({ sub: 'ada', role: 'owner', ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(SECRET);
}

function createFailingCatalog(inner: DocumentCatalog) {
  let failure: Error | null = null;
  const guard =
    <Arguments extends readonly unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    (...args: Arguments): Promise<Result> =>
      failure === null ? call(...args) : Promise.reject(failure);
  const catalog: DocumentCatalog = {
    resolve: guard(inner.resolve),
    create: guard(inner.create),
    createWith: guard(inner.createWith),
    list: guard(inner.list),
    rename: guard(inner.rename),
    remove: guard(inner.remove),
    describe: guard(inner.describe),
  };
  return {
    catalog,
    setFailure: (error: Error | null): void => {
      failure = error;
    },
  };
}

function createForgetfulLedger(inner: RequestLedger) {
  let isForgetful = false;
  const requests: RequestLedger = {
    ...inner,
    answer: (key, claim, answer) => {
      if (!isForgetful) return inner.answer(key, claim, answer);
      isForgetful = false;
      return Promise.reject(new ScriptoriumError('storage-unavailable'));
    },
  };
  return {
    requests,
    loseAnswer: (): void => {
      isForgetful = true;
    },
  };
}
