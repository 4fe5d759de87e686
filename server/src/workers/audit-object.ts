import { AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';

/** A run of rows as an object: a line of JSON for each, which anybody can read and check without this program. */
export function encodeAuditObject(rows: readonly AuditRow[]): Uint8Array {
  return new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Reads an object back, whose bytes were held against their hash before. */
export function decodeAuditObject(bytes: Uint8Array): readonly AuditRow[] {
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as AuditRow);
}

/** Where a run of rows lies: by its chain, its first row and its own hash, so that no two writers meet at one key. */
export function auditObjectKey(chain: string, fromSeq: number, sha256: string): string {
  // No tenant begins with an underscore.
  const folder = chain === AUDIT_REGISTER ? '_register' : chain;
  return `audit/${folder}/${String(fromSeq).padStart(12, '0')}-${sha256.slice(0, 32)}.jsonl`;
}
