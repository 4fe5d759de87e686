import type { ProxyTrust } from '../access/client-address.ts';
import type { RateWindows } from '../ports/rate-windows.ts';
import type { RequestRates } from './request-limits.ts';
import type { Access } from '../access/access.ts';
import type { ApiKeyStore } from '../ports/api-key-store.ts';
import type { AuditJournal } from '../ports/audit-journal.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Conversions } from '../content/conversions.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeliveryQueue } from '../ports/delivery-queue.ts';
import type { DocumentCatalog } from '../ports/document-catalog.ts';
import type { DocumentPast } from '../ports/document-past.ts';
import type { DocumentVersions } from '../ports/document-versions.ts';
import type { DocumentWriter } from '../ports/document-writer.ts';
import type { GrantStore } from '../ports/grant-store.ts';
import type { Publications } from '../ports/publications.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TokenIssuer } from '../ports/token-issuer.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import type { ErasedPeople } from '../ports/erased-people.ts';
import type { ErasureStore } from '../ports/erasure-store.ts';
import type { PresencePolicy } from '../core/presence-policy.ts';
import type { LivePresence } from '../ports/live-presence.ts';
import type { PersonRecordStore } from '../ports/person-records.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { DocumentEraser } from '../workers/document-eraser.ts';
import type { EventFeed } from '../workers/event-feed.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { LiveDocuments } from '../ports/live-documents.ts';
import type { RequestLedger } from '../ports/request-ledger.ts';
import type { SearchRebuilds } from '../workers/search/search-rebuilds.ts';
import type { SearchDeps } from './search/search-documents.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import type { KnownRecords } from './known-records.ts';
import type { ContentReader } from './read-content.ts';

/** Whether the node can serve, and if not, one sentence why. */
export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'unavailable'; readonly reason: string };

/** What the health endpoints ask. */
export interface HealthProbe {
  /** True once start-up is over, for ever. */
  started(): boolean;
  /** Whether new work may be sent here now: the store answers and the node is not draining. */
  readiness(): Promise<Readiness>;
}

/** The part of the configuration that REST reads; `Config` fits it. */
export interface ApiConfig {
  /** Origins besides the server's own that may connect. */
  readonly allowedOrigins: readonly string[];
  readonly limits: {
    readonly bodyBytes: number;
    readonly messageBytes: number;
    readonly httpConnectionsPerAddress: number;
  } & RequestRates;
}

/** What search stands on besides who asks. */
export interface SearchParts extends Omit<SearchDeps, 'access'> {
  readonly rebuilds: Pick<SearchRebuilds, 'start' | 'status'>;
}

/** Everything the REST API stands on. */
export interface ApiDeps {
  readonly config: ApiConfig;
  /** Version of the server, as `GET /v1/config` and the OpenAPI document say it. */
  readonly version: string;
  readonly catalog: DocumentCatalog;
  readonly documents: LiveDocuments;
  readonly past: DocumentPast;
  readonly versions: DocumentVersions;
  readonly publications: Publications;
  readonly writer: DocumentWriter;
  readonly reader: ContentReader;
  readonly records: KnownRecords;
  readonly conversions: Conversions;
  readonly requests: RequestLedger;
  readonly jobs: JobStore;
  /** Tells that there is a new job. */
  readonly wakeJobs: () => void;
  readonly verifier: TokenVerifier;
  /** Which hops in front are believed. */
  readonly proxies: ProxyTrust;
  readonly rateWindows: RateWindows;
  readonly access: Access;
  readonly grants: GrantStore;
  readonly keys: ApiKeyStore;
  /** `null` where search is switched off. */
  readonly search: SearchParts | null;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryQueue;
  readonly outbox: Outbox;
  readonly eventFeed: Pick<EventFeed, 'follow'>;
  readonly presence: LivePresence;
  readonly presencePolicy: PresencePolicy;
  readonly erasures: ErasureStore;
  readonly people: PersonRecordStore;
  readonly erasedPeople: ErasedPeople;
  readonly eraser: Pick<DocumentEraser, 'erase'>;
  readonly audit: AuditLog;
  readonly journal: AuditJournal;
  /** Told of each change to grants and keys; done when this node has taken note of it. */
  readonly noteAccessChange: (revision: number) => Promise<void>;
  /** `null` when people sign in elsewhere. */
  readonly developmentIssuer: TokenIssuer | null;
  /** Directory of the built browser app (it holds `index.html`), or `null` when it is not built. */
  readonly appDirectory: string | null;
  readonly health: HealthProbe;
  /** The metrics page in Prometheus's text format. */
  readonly metricsPage: (shown: {
    readonly tenants: boolean;
  }) => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}
