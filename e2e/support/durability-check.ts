import type { SystemCall } from './system-call-trace.ts';

/** Why an acknowledged edit was not durable when it was acknowledged. */
export type Violation = 'never written to the log' | 'never acknowledged' | 'not synced before the acknowledgement';

export interface TracedEdit {
  /** Text inside the edit that is found nowhere else. */
  readonly marker: string;
  /** Which SyncStatus frame on the wire answers it, counted from 0. */
  readonly statusIndex: number;
}

/**
 * Looks at one server's system calls: between the write of an edit to the write-ahead log and the write of its
 * acknowledgement to the socket there must be a sync of the log that really happened.
 */
export function findViolations(
  calls: readonly SystemCall[],
  edits: readonly TracedEdit[],
  statusFrame: Uint8Array,
): Map<string, Violation> {
  const log = calls.filter((call) => call.target.endsWith('-wal'));
  const statuses = findStatusWrites(calls, Buffer.from(statusFrame));
  const violations = new Map<string, Violation>();
  for (const { marker, statusIndex } of edits) {
    const written = log.find((call) => isWrite(call) && call.bytes.includes(marker));
    const acknowledged = statuses[statusIndex];
    if (written === undefined) violations.set(marker, 'never written to the log');
    else if (acknowledged === undefined) violations.set(marker, 'never acknowledged');
    else if (!log.some((call) => isRealSync(call) && call.begin > written.end && call.end < acknowledged.begin)) {
      violations.set(marker, 'not synced before the acknowledgement');
    }
  }
  return violations;
}

function isWrite(call: SystemCall): boolean {
  return call.name.includes('write') || call.name.startsWith('send');
}

function isRealSync(call: SystemCall): boolean {
  return (call.name === 'fsync' || call.name === 'fdatasync') && !call.injected && call.result === 0;
}

/** The socket write that carries each status frame, in order; one write may carry several. */
function findStatusWrites(calls: readonly SystemCall[], frame: Buffer): SystemCall[] {
  const found: SystemCall[] = [];
  for (const call of calls) {
    if (!call.target.startsWith('TCP') || !isWrite(call)) continue;
    for (let at = call.bytes.indexOf(frame); at !== -1; at = call.bytes.indexOf(frame, at + frame.length))
      found.push(call);
  }
  return found;
}
