import type { TenantLimits } from './access/tenant-quotas.ts';
import type { LIMIT_VARIABLES } from './config-limit-variables.ts';
import type { OwnerRates } from './gateway/owner-budgets.ts';

/** Bounds that nobody honest meets. */
export interface LimitsConfig {
  readonly messageBytes: number;
  readonly updatesPerSecond: number;
  readonly updatesBurst: number;
  readonly bytesPerSecond: number;
  readonly bytesBurst: number;
  readonly loginBytes: number;
  /** Milliseconds. */
  readonly loginTime: number;
  readonly outputBytes: number;
  readonly nodeOutputBytes: number;
  readonly fragments: number;
  readonly failuresPerAddress: number;
  readonly connectionsPerAddress: number;
  readonly httpConnectionsPerAddress: number;
  readonly documentsPerConnection: number;
  readonly sessionsPerDocument: number;
  /** Infinite where there is no limit. */
  readonly connectionsPerTenant: number;
  /** Infinite where there is no limit. */
  readonly requestsPerMinute: number;
  readonly anonymousPerMinute: number;
  readonly documentBytes: number;
  /** Infinite where there is no limit. */
  readonly tenant: TenantLimits;
  readonly owners: OwnerRates;
  readonly bodyBytes: number;
  readonly writerPendingBytes: number;
  readonly renderingBytes: number;
}

/** A limit of 0 is none. */
function orNone(limit: number): number {
  return limit === 0 ? Infinity : limit;
}

/** Reads the limits out of the variables. */
export function toLimits(values: Readonly<Record<keyof typeof LIMIT_VARIABLES, number>>): LimitsConfig {
  return {
    messageBytes: values.LIMIT_MESSAGE_BYTES,
    updatesPerSecond: values.LIMIT_UPDATES_PER_SECOND,
    updatesBurst: values.LIMIT_UPDATES_BURST,
    bytesPerSecond: values.LIMIT_BYTES_PER_SECOND,
    bytesBurst: values.LIMIT_BYTES_BURST,
    loginBytes: values.LIMIT_LOGIN_BYTES,
    loginTime: values.LIMIT_LOGIN_SECONDS * 1000,
    outputBytes: values.LIMIT_OUTPUT_BYTES,
    nodeOutputBytes: values.LIMIT_NODE_OUTPUT_BYTES,
    fragments: values.LIMIT_FRAGMENTS,
    failuresPerAddress: values.LIMIT_FAILURES_PER_ADDRESS,
    connectionsPerAddress: values.LIMIT_CONNECTIONS_PER_ADDRESS,
    httpConnectionsPerAddress: values.LIMIT_HTTP_CONNECTIONS_PER_ADDRESS,
    documentsPerConnection: values.LIMIT_DOCUMENTS_PER_CONNECTION,
    sessionsPerDocument: values.LIMIT_SESSIONS_PER_DOCUMENT,
    connectionsPerTenant: orNone(values.LIMIT_CONNECTIONS_PER_TENANT),
    requestsPerMinute: orNone(values.LIMIT_REQUESTS_PER_MINUTE),
    anonymousPerMinute: orNone(values.LIMIT_ANONYMOUS_REQUESTS_PER_MINUTE),
    documentBytes: values.LIMIT_DOCUMENT_BYTES,
    tenant: { documents: orNone(values.LIMIT_TENANT_DOCUMENTS), bytes: orNone(values.LIMIT_TENANT_BYTES) },
    owners: {
      userUpdates: orNone(values.LIMIT_USER_UPDATES_PER_SECOND),
      userBytes: orNone(values.LIMIT_USER_BYTES_PER_SECOND),
      tenantUpdates: orNone(values.LIMIT_TENANT_UPDATES_PER_SECOND),
      tenantBytes: orNone(values.LIMIT_TENANT_BYTES_PER_SECOND),
    },
    bodyBytes: values.LIMIT_BODY_BYTES,
    writerPendingBytes: values.LIMIT_WRITER_PENDING_BYTES,
    renderingBytes: values.LIMIT_RENDERING_BYTES,
  };
}
