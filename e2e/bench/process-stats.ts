import { readFileSync } from 'node:fs';

/** The kernel counts CPU time in hundredths of a second on every Linux in use. */
const TICK_MICROSECONDS = 10_000;

/** CPU time, user and system, of all threads of a process so far, in microseconds. */
export function readCpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command's name, in parentheses, may hold anything; fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Resident memory of a process in MB (10^6 bytes). */
export function readResidentMegabytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return (Number(match?.[1]) * 1024) / 1e6;
}
