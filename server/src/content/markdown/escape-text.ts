/** Where a text stands in a Markdown line. */
export interface TextPlace {
  /** At the start of a line, where signs can begin a block. */
  readonly isLineStart: boolean;
  /** At the end of a line, where spaces are lost. */
  readonly isLineEnd: boolean;
  readonly inTable: boolean;
}

const SIGNS = /[\\`*[\]<]|~(?=~)|(?<=~)~|_|&(?=#?\w+;)/g;

/** Writes a text so that Markdown reads exactly that text. */
export function escapeText(text: string, { isLineStart, isLineEnd, inTable }: TextPlace): string {
  let escaped = text.replaceAll(SIGNS, (sign, at: number) =>
    sign === '_' && isInsideWord(text, at) ? '_' : `\\${sign}`,
  );
  if (inTable) escaped = escaped.replaceAll('|', '\\|');
  if (isLineStart) escaped = escapeLineStart(escaped);
  // Line feeds are breaks of their own in the document; here they are part of a text.
  escaped = escaped.replaceAll(/[\n\r\t\v\f\u2028\u2029]/g, toReference);
  if (isLineStart) escaped = escaped.replace(/^\s+/, toReferences);
  if (isLineEnd) escaped = escaped.replace(/(?<!\s)\s+$/, toReferences);
  return escaped;
}

/** `snake_case` needs no escape: an underscore between letters neither opens nor closes anything. */
function isInsideWord(text: string, at: number): boolean {
  return /[A-Za-z0-9]/.test(text[at - 1] ?? '') && /[A-Za-z0-9]/.test(text[at + 1] ?? '');
}

function escapeLineStart(text: string): string {
  return text.replace(/^(\s*)([#>+\-=:|])/, '$1\\$2').replace(/^(\s*\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

function toReferences(spaces: string): string {
  return Array.from(spaces, toReference).join('');
}

function toReference(sign: string): string {
  return `&#${sign.codePointAt(0) ?? 0};`;
}
