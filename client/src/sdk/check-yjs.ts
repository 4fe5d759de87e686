import { Doc } from 'yjs';

/**
 * Throws when the document was made by another copy of Yjs than the one that is used here: such a document seems to
 * work and loses changes.
 */
export function checkYjsCopy(document: unknown): asserts document is Doc {
  if (document instanceof Doc) return;
  if (looksLikeDocument(document)) {
    throw new TypeError(
      'The document was made by a second copy of Yjs, and changes would be lost between the two. ' +
        'Find the copies with `npm ls yjs` and keep one: add "overrides": { "yjs": "^13.6.0" } to package.json ' +
        '(pnpm, too; "resolutions" for Yarn), or resolve: { dedupe: [\'yjs\'] } to the Vite configuration.',
    );
  }
  throw new TypeError('`document` must be a Y.Doc: import * as Y from "yjs"; new Y.Doc()');
}

function looksLikeDocument(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'clientID' in value && 'share' in value && 'store' in value;
}
