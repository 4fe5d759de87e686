import { formatEtag } from './etag.ts';
import type { Position } from './sequence.ts';

/** What a request demands of the state that it changes (RFC 9110, 13.1). */
export type Precondition =
  | { readonly kind: 'none' }
  /** `If-Match: *`: the document has to be there. */
  | { readonly kind: 'exists' }
  /** `If-None-Match: *`: it must not be. */
  | { readonly kind: 'absent' }
  /** It has to be in one of these states; strong tags only, as they were sent. */
  | { readonly kind: 'state'; readonly tags: ReadonlySet<string> };

const NONE: Precondition = { kind: 'none' };

/** Reads the conditions of a write. What cannot be read as a tag names no state, so it never holds. */
export function readPrecondition(headers: {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}): Precondition {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    const entries = ifMatch.split(',').map((entry) => entry.trim());
    return entries.includes('*') ? { kind: 'exists' } : { kind: 'state', tags: new Set(entries) };
  }
  return headers['if-none-match']?.trim() === '*' ? { kind: 'absent' } : NONE;
}

/** Whether a document in this state may be changed; `null` stands for one that is not there. */
export function holds(precondition: Precondition, position: Position | null): boolean {
  return holdsTag(precondition, position === null ? null : formatEtag(position.epoch, position.seq));
}

/** Whether what has this strong entity tag may be changed; `null` stands for what is not there. */
export function holdsTag(precondition: Precondition, tag: string | null): boolean {
  switch (precondition.kind) {
    case 'none':
      return true;
    case 'exists':
      return tag !== null;
    case 'absent':
      return tag === null;
    case 'state':
      return tag !== null && precondition.tags.has(tag);
  }
}
