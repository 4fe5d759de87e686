import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Tenant } from '@scriptorium/shared/document-name';
import type { CounterName, GaugeName, HistogramName, Metrics } from '../ports/telemetry.ts';
import { createTenantSums } from './tenant-metrics.ts';

/** The metrics port, and the page that Prometheus reads. */
export interface PrometheusMetrics extends Metrics {
  /** With what is counted of tenants by name, or without it. */
  page(shown?: { readonly tenants: boolean }): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Tenants that are counted by name. */
  namedTenants(): readonly Tenant[];
}

const PREFIX = 'scriptorium_';

const COUNTERS: Readonly<Record<CounterName, string>> = {
  connections_total: 'WebSocket connections taken.',
  sessions_total: 'Sessions opened: one document on one connection.',
  updates_received_total: 'Updates received from clients.',
  updates_refused_total: 'Updates refused by the gate, a quota or a role.',
  updates_gap_total: 'Updates held back because something before them is missing.',
  updates_forked_total: 'Updates that another copy had already written under the same client id.',
  acknowledgements_total: 'Acknowledgements sent.',
  frames_malformed_total: 'Frames that do not follow the protocol.',
  reading_paused_total: 'Times a connection was not read for a while because it passed a rate limit.',
  requests_limited_total: 'REST requests refused since their sender sent too many.',
  quota_refused_total: 'Documents and edits refused by a quota of their tenant or the largest size of a document.',
  owners_paused_total: 'Times that all connections of a user or tenant were not read for a while.',
  pings_dropped_total: 'Pings not answered, since their peer did not read.',
  logins_failed_total: 'Tokens shown on sockets that opened nothing.',
  connections_refused_total: 'Upgrades refused: too many connections or failures of an address.',
  document_failures_total: 'Unforeseen errors in single documents, each of which ended its room.',
  slow_readers_total: 'Connections ended because they took none of their messages.',
  outputs_shed_total: 'Those of them that were ended since too much waited for all connections together.',
  flushes_total: 'Group commits.',
  flush_retries_total: 'Group commits tried again.',
  rows_appended_total: 'Rows appended to the log.',
  bytes_appended_total: 'Bytes of payload appended to the log.',
  rooms_loaded_total: 'Documents loaded.',
  rooms_discarded_total: 'Live documents dropped because an append was abandoned.',
  documents_quarantined_total: 'Documents in which something stored is damaged, each time one is opened.',
  snapshots_written_total: 'Snapshots written.',
  snapshot_checksum_failures_total: 'Snapshots whose checksum did not hold.',
  relay_published_total: 'Rows published to other nodes.',
  relay_published_bytes_total: 'Bytes of messages about rows published to other nodes.',
  relay_received_total: 'Rows received from other nodes.',
  relay_received_bytes_total: 'Bytes of messages about rows received from other nodes.',
  relay_dropped_total:
    'Rows not published, or of unknown fate, because the fan-out was away or slow; the log has them.',
  relay_hints_total: 'Rows published as a hint only, because they are large or were dropped before.',
  history_segments_written_total: 'History segments written.',
  history_checksum_failures_total: 'History segments whose checksum did not hold.',
  rows_archived_total: 'Rows put into history segments.',
  rows_dropped_total: 'Rows removed from the log once they were folded and archived.',
  audit_rows_exported_total: 'Rows of the audit log that were written into objects.',
  audit_notes_lost_total:
    'Notes of opens and refusals that were only counted, since there were too many to write down.',
  objects_swept_total: 'Objects removed because nothing names them any more.',
  relay_gaps_total: 'Gaps seen in what other nodes relay.',
  relay_malformed_total: 'Relayed messages that could not be read.',
  presence_published_total: 'Messages about presence published to other nodes.',
  presence_received_total: 'Messages about presence received from other nodes.',
  presence_dropped_total: 'Messages about presence not published because the fan-out was away or slow.',
  presence_refused_total: "States of presence left out: too large, too deep, or of a client that is not the session's.",
  fan_out_connections_total: 'Connections to the fan-out opened, in pairs; growth means that they break.',
  search_documents_indexed_total: 'Documents written into the search index.',
  search_failures_total: 'Times that the search index or the store did not answer the projection.',
  search_dead_letters_total: 'Documents set aside because the search index can never take them as they are.',
  search_queries_total: 'Searches asked for.',
  webhooks_delivered_total: 'Events that webhooks took.',
  webhooks_failed_total: 'Attempts at a webhook that failed and are made again.',
  webhooks_given_up_total: 'Events that a webhook never took.',
  events_dropped_total: 'People who came or went and were not told of, since too many did at once.',
};

const GAUGES: Readonly<Record<GaugeName, string>> = {
  connections: 'WebSocket connections open.',
  sessions: 'Sessions open.',
  rooms: 'Documents open.',
  writer_pending_bytes: 'Bytes that wait for a commit.',
  output_waiting_bytes: 'Bytes that wait for clients to read them; what many wait for counts once.',
  fan_out_healthy: 'Whether messages of other nodes arrive at present.',
  fan_out_nodes: 'Other nodes that are heard.',
  fan_out_pending_bytes: 'Bytes published that the fan-out has not taken yet.',
  search_lag_rows: 'Rows committed here that the search index lacks.',
  search_lag_seconds: 'Age of the oldest change that the search index lacks.',
  search_queue_documents: 'Documents that wait for the search index.',
};

const HISTOGRAMS: Readonly<Record<HistogramName, { readonly help: string; readonly buckets: readonly number[] }>> = {
  acknowledgement_seconds: {
    help: 'From an update to its acknowledgement.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
  },
  flush_seconds: {
    help: 'One group commit.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
  },
  load_seconds: { help: 'One load of a document.', buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30] },
  compaction_seconds: { help: 'One compaction of a document.', buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30] },
  fan_out_lag_seconds: {
    help: "From a row's publication to its arrival on another node, by the clocks of both.",
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
  },
  search_latency_seconds: {
    help: 'One search, from its question to its answer, the check of what may be read included.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  search_indexed_seconds: {
    help: 'From the first change of a document that the search index lacks to its being found.',
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300],
  },
};

/** Mean interval at which the event loop's delay is sampled; finer ones cost an idle server CPU. */
const EVENT_LOOP_PRECISION_MS = 50;

/**
 * Creates the Prometheus adapter of the metrics port with a registry of its own, process metrics included. `tenants` is
 * how many are counted by name; each name is a handful of series.
 */
export function createMetrics({ tenants: most = 100 }: { readonly tenants?: number } = {}): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  const counters = createCounters(registry);
  const gauges = createGauges(registry);
  const histograms = createHistograms(registry);
  const tenants = createTenantSums({ most });
  return {
    count: (name, by = 1) => {
      counters[name] += by;
    },
    gauge: (name, value) => {
      gauges[name] = value;
    },
    observe: (name, seconds) => histograms[name].observe(seconds),
    tenant: (tenant) => tenants.of(tenant),
    namedTenants: () => tenants.named(),
    page: async (shown = { tenants: false }) => {
      const parts = [await registry.metrics(), ...(shown.tenants ? [await tenants.page()] : [])];
      return { contentType: registry.contentType, body: parts.join('\n') };
    },
  };
}

/** Plain sums, copied into the registry when it is read: the hot path pays one addition. */
function createCounters(registry: Registry): Record<CounterName, number> {
  const sums = mapValues(COUNTERS, () => 0);
  for (const name of keysOf(COUNTERS)) {
    new Counter({
      name: PREFIX + name,
      help: COUNTERS[name],
      registers: [registry],
      collect() {
        this.reset();
        this.inc(sums[name]);
      },
    });
  }
  return sums;
}

function createGauges(registry: Registry): Record<GaugeName, number> {
  const values = mapValues(GAUGES, () => 0);
  for (const name of keysOf(GAUGES)) {
    new Gauge({
      name: PREFIX + name,
      help: GAUGES[name],
      registers: [registry],
      collect() {
        this.set(values[name]);
      },
    });
  }
  return values;
}

function createHistograms(registry: Registry): Record<HistogramName, Histogram> {
  return mapValues(
    HISTOGRAMS,
    ({ help, buckets }, name) =>
      new Histogram({ name: PREFIX + name, help, buckets: [...buckets], registers: [registry] }),
  );
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(table) as Key[];
}

function mapValues<Key extends string, From, To>(
  table: Readonly<Record<Key, From>>,
  convert: (value: From, key: Key) => To,
): Record<Key, To> {
  return Object.fromEntries(keysOf(table).map((key) => [key, convert(table[key], key)])) as Record<Key, To>;
}
