import * as Y from 'yjs';
import { encodeLogRow } from '../../src/core/log-row.ts';
import type { AppendEntry, AppendResult, DocumentId, UpdateLog } from '../../src/ports/update-log.ts';

/** A document that counts: its text is "1 2 3 …", one row for each number, so that a missing or doubled row shows. */
export interface CountingDocument {
  readonly documentId: DocumentId;
  /** The last number that the log has acknowledged, and the last that was sent to it. */
  readonly acknowledged: number;
  readonly sent: number;
  /** Appends the next number. */
  count(log: UpdateLog): Promise<void>;
}

let flushes = 0;
const incarnation = `counter ${Math.random()}`;

/** Goes on counting where the state ends; `state` holds every number up to `from`. */
export function createCountingDocument(
  documentId: DocumentId,
  start: { readonly state: Uint8Array | null; readonly from: number; readonly client?: number },
): CountingDocument {
  const doc = new Y.Doc();
  if (start.state !== null) Y.applyUpdate(doc, start.state);
  doc.clientID = start.client ?? 1;
  let [acknowledged, sent] = [start.from, start.from];
  return {
    documentId,
    get acknowledged() {
      return acknowledged;
    },
    get sent() {
      return sent;
    },
    async count(log) {
      const before = Y.encodeStateVector(doc);
      sent += 1;
      doc.getText('t').insert(doc.getText('t').length, `${sent} `);
      const payload = encodeLogRow([{ actor: 'counter', updates: [Y.encodeStateAsUpdate(doc, before)] }]);
      const result = await appendPatiently(log, { documentId, epoch: 1, payload, bindings: [] });
      if (result.kind !== 'stored') throw new Error(`a number was ${result.kind}`);
      acknowledged = sent;
    },
  };
}

/** Appends once nobody else holds the document, as a writer does with its next flush. */
async function appendPatiently(log: UpdateLog, entry: AppendEntry): Promise<AppendResult> {
  for (;;) {
    flushes += 1;
    const batch = { incarnation, flush: flushes, at: Date.now(), retry: false, entries: [entry] };
    const [result] = await log.append(batch);
    if (result === undefined) throw new Error('an append without a result');
    if (result.kind !== 'busy') return result;
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
}

/** How far a text counts; throws when it is not "1 2 3 …". */
export function countedTo(text: string): number {
  const numbers = text.trim() === '' ? [] : text.trim().split(' ').map(Number);
  const wrong = numbers.findIndex((number, index) => number !== index + 1);
  if (wrong !== -1) throw new Error(`${numbers[wrong]} stands where ${wrong + 1} should be`);
  return numbers.length;
}
