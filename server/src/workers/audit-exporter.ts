import { AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';
import { ScriptoriumError } from '../core/errors.ts';
import type { AuditChain, AuditLog } from '../ports/audit-log.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { sha256Hex } from '../rooms/checksum.ts';
import { inBackground, type Service } from '../service.ts';
import { auditObjectKey, encodeAuditObject } from './audit-object.ts';

export interface AuditExporterDeps {
  readonly audit: AuditLog;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Milliseconds for which rows stay in the database at least; infinite for ever. */
  readonly keepFor: number;
}

/**
 * Copies the rows of every chain into objects that are never written again, and lets go of rows in the database that are
 * exported and old enough. May run on several nodes at once: of two that export the same rows one is published, and the
 * object of the other, which holds the same, lies beside it.
 */
export interface AuditExporter extends Service {
  /** One round over all chains, now. */
  run(): Promise<void>;
}

/** Milliseconds between two rounds, with jitter, so that nodes do not all go at once. */
const INTERVAL = 60 * 60 * 1_000;
const ROWS_PER_OBJECT = 10_000;
const ROWS_PER_PRUNE = 1_000;
const CHAINS_PER_PAGE = 200;

export function createAuditExporter(deps: AuditExporterDeps): AuditExporter {
  return new HourlyExporter(deps);
}

class HourlyExporter implements AuditExporter {
  readonly name = 'audit-exporter';
  readonly #deps: AuditExporterDeps;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: AuditExporterDeps) {
    this.#deps = deps;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, telemetry } = this.#deps;
    this.#timer = clock.after(INTERVAL * (0.5 + clock.random()), () => {
      inBackground(telemetry.log, 'audit_export_failed', this.run());
    });
  }

  run(): Promise<void> {
    this.#timer?.cancel();
    this.#running ??= this.#runAll().finally(() => {
      this.#running = null;
      this.#arm();
    });
    return this.#running;
  }

  async #runAll(): Promise<void> {
    const { audit } = this.#deps;
    for (let after: string | null = null, full = true; full && !this.#stopped;) {
      const chains: readonly AuditChain[] = await audit.listChains(after, CHAINS_PER_PAGE);
      for (const chain of chains) await this.#attempt(chain);
      after = chains.at(-1)?.chain ?? after;
      full = chains.length === CHAINS_PER_PAGE;
    }
  }

  /** Each chain by itself: one that fails must not keep the others from their objects. */
  async #attempt(chain: AuditChain): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#exportRows(chain);
      // The register stays whole: it is small, and says which chains there are.
      const isKept = this.#deps.keepFor === Infinity || chain.chain === AUDIT_REGISTER;
      if (!isKept) await this.#prune(chain.chain);
    } catch (error) {
      this.#deps.telemetry.log.warn('audit_export_failed', { tenant: chain.chain }, error);
    }
  }

  async #exportRows({ chain, exportedSeq }: AuditChain): Promise<void> {
    const { audit } = this.#deps;
    for (let after = exportedSeq; !this.#stopped;) {
      const rows = await audit.readRows(chain, after, ROWS_PER_OBJECT);
      // The rows that tell of exports would otherwise ask for an export for ever.
      if (!rows.some(isWorthAnObject) || !(await this.#publish(chain, rows))) return;
      after = rows.at(-1)?.seq ?? after;
    }
  }

  async #publish(chain: string, rows: readonly AuditRow[]): Promise<boolean> {
    const { audit, snapshots, clock, telemetry } = this.#deps;
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return false;
    const bytes = encodeAuditObject(rows);
    const sha256 = await sha256Hex(bytes);
    const key = auditObjectKey(chain, first.seq, sha256);
    await snapshots.put(key, bytes);
    const back = await snapshots.get(key);
    if (back === null || (await sha256Hex(back)) !== sha256)
      throw new ScriptoriumError('storage-unavailable', 'an object reads back other than it was written');
    const range = { fromSeq: first.seq, toSeq: last.seq, lastHash: last.hash };
    const done = await audit.noteExport({ chain, ...range, key, sha256, bytes: bytes.byteLength, at: clock.now() });
    if (done) telemetry.metrics.count('audit_rows_exported_total', rows.length);
    return done;
  }

  async #prune(chain: string): Promise<void> {
    const { audit, clock, keepFor } = this.#deps;
    const now = clock.now();
    for (let full = true; full && !this.#stopped;) {
      const found = await audit.readChain(chain);
      if (found === null || found.prunedSeq === found.exportedSeq) return;
      const rows = await audit.readRows(chain, found.prunedSeq, ROWS_PER_PRUNE);
      const kept = rows.findIndex((row) => row.at > now - keepFor || row.seq > found.exportedSeq);
      const old = kept === -1 ? rows : rows.slice(0, kept);
      const last = old.at(-1);
      if (last === undefined) return;
      await audit.prune(chain, last.seq, now);
      full = old.length === ROWS_PER_PRUNE;
    }
  }

  async drain(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}

function isWorthAnObject(row: AuditRow): boolean {
  return row.action !== 'audit.export' && row.action !== 'audit.prune';
}
