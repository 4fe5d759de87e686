import { createHash } from 'node:crypto';

/** Every event of a run, as a hash that two runs of one seed share, and as lines where somebody wants to read them. */
export interface Trace {
  note(line: string): void;
  /** Notes bytes that were sent or stored. */
  noteBytes(what: string, bytes: Uint8Array): void;
  digest(): string;
  /** Empty unless lines are kept. */
  readonly lines: readonly string[];
}

export function createTrace(options: { readonly now: () => number; readonly keepLines: boolean }): Trace {
  const hash = createHash('sha256');
  const lines: string[] = [];
  const note = (line: string): void => {
    hash.update(`${options.now()} ${line}\n`);
    if (options.keepLines) lines.push(`${options.now().toFixed(2).padStart(10)}  ${line}`);
  };
  return {
    lines,
    note,
    noteBytes: (what, bytes) => {
      note(`${what} ${bytes.byteLength} bytes`);
      hash.update(bytes);
    },
    digest: () => hash.copy().digest('hex'),
  };
}
