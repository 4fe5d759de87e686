import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { AppendBatch, AppendEntry, AppendResult, DocumentId, UpdateLog } from '../../src/ports/update-log.ts';

/** A row that was acknowledged. */
export interface AcknowledgedRow {
  readonly documentId: DocumentId;
  readonly seq: number;
  readonly text: string;
}

/** Appends as the update writer does: one batch at a time, under its number until the store answers. */
export interface PatientWriter {
  /** A row of a text that nothing else has for each document, in one flush; busy ones go into the next. */
  appendTo(documentIds: readonly DocumentId[], beforeTry?: (attempt: number) => void): Promise<void>;
  readonly acknowledged: readonly AcknowledgedRow[];
  /** Tries that ended without an answer. */
  readonly unanswered: number;
}

/** Longer than any fault of a test. */
const PATIENCE = 60_000;

export function createPatientWriter(log: UpdateLog, afterFailure?: () => Promise<void>): PatientWriter {
  const incarnation = randomUUID();
  const acknowledged: AcknowledgedRow[] = [];
  let flush = 0;
  let unanswered = 0;
  const appendPatiently = async (
    batch: Omit<AppendBatch, 'retry'>,
    beforeTry: ((attempt: number) => void) | undefined,
  ): Promise<readonly AppendResult[]> => {
    const deadline = performance.now() + PATIENCE;
    for (let attempt = 0; ; attempt += 1) {
      beforeTry?.(attempt);
      try {
        return await log.append({ ...batch, retry: attempt > 0 });
      } catch (error) {
        if (!(error instanceof ScriptoriumError && error.definition.retryable) || performance.now() > deadline)
          throw error;
        unanswered += 1;
        await (afterFailure?.() ?? sleep(10));
      }
    }
  };
  return {
    acknowledged,
    get unanswered() {
      return unanswered;
    },
    async appendTo(documentIds, beforeTry) {
      for (let left = documentIds; left.length > 0;) {
        flush += 1;
        const texts = left.map((documentId) => `${incarnation} ${flush} ${documentId}`);
        const entries = left.map((documentId, index): AppendEntry => toEntry(documentId, texts[index] ?? ''));
        const results = await appendPatiently({ incarnation, flush, at: Date.now(), entries }, beforeTry);
        const busy: DocumentId[] = [];
        for (const [index, documentId] of left.entries()) {
          const result = results[index];
          if (result?.kind === 'busy') busy.push(documentId);
          else if (result?.kind === 'stored')
            acknowledged.push({ documentId, seq: result.seq, text: texts[index] ?? '' });
          else throw new Error(`a row was not stored: ${result?.kind}`);
        }
        left = busy;
      }
    },
  };
}

function toEntry(documentId: DocumentId, text: string): AppendEntry {
  return { documentId, epoch: 1, payload: new TextEncoder().encode(text), bindings: [] };
}

/** No gap, nothing twice, and exactly what was acknowledged, each row where it was said to be. */
export async function expectExactly(
  log: UpdateLog,
  documentIds: readonly DocumentId[],
  acknowledged: readonly AcknowledgedRow[],
): Promise<void> {
  for (const documentId of documentIds) {
    const rows = await log.readRows(documentId, 0, 1_000_000);
    const stored = rows.map((row) => `${row.seq}: ${new TextDecoder().decode(row.payload)}`);
    const expected = acknowledged
      .filter((row) => row.documentId === documentId)
      .toSorted((one, other) => one.seq - other.seq)
      .map((row) => `${row.seq}: ${row.text}`);
    expect(stored).toEqual(expected);
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
    expect(await log.readHeads([documentId])).toEqual([{ documentId, epoch: 1, head: rows.length }]);
  }
}
