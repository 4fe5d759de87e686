/** Kinds of those who can be given something: a person, a group of the token, anybody who has a link's secret. */
export const SUBJECT_KINDS = ['user', 'group', 'link'] as const;

export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Who is given something. */
export interface GrantSubject {
  readonly kind: SubjectKind;
  /** Claim `sub`, an entry of the claim `groups`, or the link's id. */
  readonly id: string;
}

/** An id is 1 to 128 characters without control characters. */
export const SUBJECT_ID_PATTERN = /^\P{Cc}{1,128}$/u;

/** The subject as one text, `group:staff`, as addresses and queries have it. */
export function formatSubject({ kind, id }: GrantSubject): string {
  return `${kind}:${id}`;
}

/** Reads `group:staff`; `null` when it is no subject. */
export function parseSubject(text: string): GrantSubject | null {
  const at = text.indexOf(':');
  const kind = SUBJECT_KINDS.find((known) => known === text.slice(0, at));
  const id = text.slice(at + 1);
  return kind !== undefined && SUBJECT_ID_PATTERN.test(id) ? { kind, id } : null;
}
