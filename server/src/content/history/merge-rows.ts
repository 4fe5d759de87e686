import * as Y from 'yjs';
import { ScriptoriumError } from '../../core/errors.ts';
import type { HistoryRow } from './authorship.ts';

/**
 * The state after rows: the nearest state before them (`null` at the beginning) and what they brought, merged in one
 * transaction, since ending one for each update costs more than the updates.
 *
 * Throws `document-quarantined` when they cannot be merged.
 */
export function mergeRows(base: Uint8Array | null, rows: Iterable<Pick<HistoryRow, 'segments'>>): Uint8Array {
  const document = new Y.Doc();
  try {
    document.transact((transaction) => {
      if (base !== null) Y.applyUpdate(document, base);
      for (const { segments } of rows) {
        for (const { updates } of segments) for (const update of updates) Y.applyUpdate(document, update);
      }
      // Without observers: Y.Text would answer with deletions of its own.
      document.once('beforeObserverCalls', () => transaction.changed.clear());
    });
    if (document.store.pendingStructs !== null || document.store.pendingDs !== null)
      throw new Error('the rows refer to what they do not hold');
    return Y.encodeStateAsUpdate(document);
  } catch (error) {
    throw new ScriptoriumError('document-quarantined', 'the rows of the log cannot be merged', { cause: error });
  }
}
