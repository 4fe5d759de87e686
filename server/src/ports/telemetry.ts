import type { Tenant } from '@scriptorium/shared/document-name';

/** Fields of a log line. Never document content, never a token. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A structured logger: the event's name first, then its fields; `error` may carry what was thrown. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields, error?: unknown): void;
  error(event: string, fields?: LogFields, error?: unknown): void;
  child(fields: LogFields): Logger;
}

/** Names of all counters. */
export type CounterName =
  | 'connections_total'
  | 'sessions_total'
  | 'updates_received_total'
  | 'updates_refused_total'
  | 'updates_gap_total'
  | 'updates_forked_total'
  | 'acknowledgements_total'
  | 'frames_malformed_total'
  | 'reading_paused_total'
  | 'slow_readers_total'
  | 'outputs_shed_total'
  | 'pings_dropped_total'
  | 'quota_refused_total'
  | 'owners_paused_total'
  | 'requests_limited_total'
  | 'logins_failed_total'
  | 'connections_refused_total'
  | 'document_failures_total'
  | 'flushes_total'
  | 'flush_retries_total'
  | 'rows_appended_total'
  | 'bytes_appended_total'
  | 'rooms_loaded_total'
  | 'rooms_discarded_total'
  | 'documents_quarantined_total'
  | 'snapshots_written_total'
  | 'snapshot_checksum_failures_total'
  | 'relay_published_total'
  | 'relay_published_bytes_total'
  | 'relay_received_total'
  | 'relay_received_bytes_total'
  | 'relay_dropped_total'
  | 'relay_hints_total'
  | 'history_segments_written_total'
  | 'history_checksum_failures_total'
  | 'rows_archived_total'
  | 'rows_dropped_total'
  | 'objects_swept_total'
  | 'audit_rows_exported_total'
  | 'audit_notes_lost_total'
  | 'relay_gaps_total'
  | 'relay_malformed_total'
  | 'presence_published_total'
  | 'presence_received_total'
  | 'presence_dropped_total'
  | 'presence_refused_total'
  | 'fan_out_connections_total'
  | 'search_documents_indexed_total'
  | 'search_failures_total'
  | 'search_dead_letters_total'
  | 'search_queries_total'
  | 'webhooks_delivered_total'
  | 'webhooks_failed_total'
  | 'webhooks_given_up_total'
  | 'events_dropped_total';

/** Names of all gauges. */
export type GaugeName =
  | 'connections'
  | 'sessions'
  | 'rooms'
  | 'writer_pending_bytes'
  | 'output_waiting_bytes'
  | 'fan_out_healthy'
  | 'fan_out_nodes'
  | 'fan_out_pending_bytes'
  | 'search_lag_rows'
  | 'search_lag_seconds'
  | 'search_queue_documents';

/** Names of all histograms, in seconds. */
export type HistogramName =
  | 'acknowledgement_seconds'
  | 'flush_seconds'
  | 'load_seconds'
  | 'compaction_seconds'
  | 'fan_out_lag_seconds'
  | 'search_latency_seconds'
  | 'search_indexed_seconds';

/** Sums of one tenant, and what it has open at present. */
export type TenantSumName =
  | 'tenant_connections'
  | 'tenant_updates_received_total'
  | 'tenant_updates_refused_total'
  | 'tenant_received_bytes_total'
  | 'tenant_requests_total'
  | 'tenant_requests_refused_total'
  | 'tenant_quota_refused_total';

/** Amounts that are counted anew each time. */
export type TenantAmountName = 'tenant_documents' | 'tenant_storage_bytes';

/** What is counted of one tenant; cheap enough for the hot path. */
export interface TenantMetrics {
  add(name: TenantSumName, by?: number): void;
  set(name: TenantAmountName, value: number): void;
}

/** Counters, gauges and histograms; cheap enough for the hot path. */
export interface Metrics {
  count(name: CounterName, by?: number): void;
  gauge(name: GaugeName, value: number): void;
  observe(name: HistogramName, seconds: number): void;
  /** The counts of a tenant, to be kept where much is counted. */
  tenant(tenant: Tenant): TenantMetrics;
}

export interface Telemetry {
  readonly log: Logger;
  readonly metrics: Metrics;
}
