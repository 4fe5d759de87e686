import type { DocumentEdits } from '../ports/document-edits.ts';
import type { DocumentWriter } from '../ports/document-writer.ts';

/** Edits without a condition and without an answer of their own, as the writer makes them. */
export function createDocumentEdits(writer: Pick<DocumentWriter, 'write'>): DocumentEdits {
  return {
    edit: async (target, { user, compose }) => {
      const { epoch, seq, changed } = await writer.write(target, {
        user,
        precondition: { kind: 'none' },
        compose: async (base) => ({ update: await compose(base), result: null }),
      });
      return { epoch, seq, changed };
    },
  };
}
