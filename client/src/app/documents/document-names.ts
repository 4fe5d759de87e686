import { DOCUMENT_NAME_MAX_LENGTH, parseDocumentName } from '@scriptorium/shared/document-name';

const NEW_NAME = 'untitled';

/** Turns what somebody typed into the nearest document name; empty when nothing of it can be used. */
export function suggestDocumentName(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}+/gu, '');
  const segments = plain.split('/').map((segment) =>
    segment
      .trim()
      .replace(/['’]+/g, '')
      .replace(/[^A-Za-z0-9._~:@=+-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .replace(/-+$/, ''),
  );
  const name = segments.filter((segment) => segment !== '').join('/');
  return name.slice(0, DOCUMENT_NAME_MAX_LENGTH).replace(/[/-]+$/, '');
}

/** A name for a new document that none of these has. */
export function chooseNewName(taken: ReadonlySet<string>): string {
  if (!taken.has(NEW_NAME)) return NEW_NAME;
  let number = 2;
  while (taken.has(`${NEW_NAME}-${number}`)) number += 1;
  return `${NEW_NAME}-${number}`;
}

/** Whether a text is a document name as it stands. */
export function isDocumentName(text: string): boolean {
  return parseDocumentName(text) !== null;
}
