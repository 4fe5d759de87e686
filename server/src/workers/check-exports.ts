import { hash } from 'node:crypto';
import { AUDIT_CHAIN_START, type AuditRow } from '@scriptorium/shared/audit-chain';
import { type AuditFinding, type ChainPosition, checkRows } from '../core/audit-check.ts';
import type { AuditExport, AuditLog } from '../ports/audit-log.ts';
import type { SnapshotStore } from '../ports/snapshot-store.ts';
import { sha256Hex } from '../rooms/checksum.ts';
import { decodeAuditObject } from './audit-object.ts';

export interface VerifyAuditDeps {
  readonly audit: AuditLog;
  readonly snapshots: Pick<SnapshotStore, 'get'>;
}

/** What was found in a chain's objects. */
export interface ExportsVerdict {
  /** The last row in them; the chain's beginning when there are none. */
  readonly end: ChainPosition;
  readonly findings: readonly AuditFinding[];
  /** Whether a row with this hash is in them. */
  holds(position: ChainPosition): boolean;
}

/** Checks the objects of a chain, which hold it from its first row on, and takes what they hold off `expected`. */
export async function checkExports(
  deps: VerifyAuditDeps,
  chain: string,
  expected: Map<number, string>,
): Promise<ExportsVerdict> {
  const findings: AuditFinding[] = [];
  const ends: ChainPosition[] = [];
  let end: ChainPosition = { seq: 0, hash: AUDIT_CHAIN_START };
  for (const object of await deps.audit.listExports(chain)) {
    const read = await readObject(deps, object);
    if (read === null || object.fromSeq !== end.seq + 1) {
      findings.push({ chain, seq: object.fromSeq, problem: 'object-damaged' });
      end = { seq: object.toSeq, hash: object.lastHash };
      continue;
    }
    const checked = checkRows(end, read, hashText);
    findings.push(...checked.findings);
    noteExpected(expected, read);
    end = checked.end;
    ends.push(...read.map(({ seq, hash }) => ({ seq, hash })));
    if (end.seq !== object.toSeq || end.hash !== object.lastHash)
      findings.push({ chain, seq: object.toSeq, problem: 'object-damaged' });
  }
  return { end, findings, holds: ({ seq, hash }) => ends.some((it) => it.seq === seq && it.hash === hash) };
}

/** SHA-256 of a text, hex. */
export function hashText(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Takes off the list what is there as it was noted. */
export function noteExpected(expected: Map<number, string>, rows: readonly AuditRow[]): void {
  for (const row of rows) if (expected.get(row.seq) === row.hash) expected.delete(row.seq);
}

/** `null` when it is missing or other than it was written. */
async function readObject({ snapshots }: VerifyAuditDeps, { key, sha256 }: AuditExport) {
  const bytes = await snapshots.get(key);
  if (bytes === null || (await sha256Hex(bytes)) !== sha256) return null;
  return decodeAuditObject(bytes);
}
