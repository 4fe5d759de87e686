import { DEFAULT_TENANT, parseTenant, type Tenant } from '@scriptorium/shared/document-name';
import { parseGrantResource } from '@scriptorium/shared/grant-resource';
import { SUBJECT_ID_PATTERN } from '@scriptorium/shared/grant-subject';
import { ROLES, type Role } from '@scriptorium/shared/roles';
import { z } from 'zod';
import { readTiptapClaims } from './tiptap-claims.ts';

/** What the claims of a verified token say. */
export interface TokenClaims {
  readonly tenant: Tenant;
  readonly user: string;
  readonly displayName: string;
  /** Wall-clock milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly role: Role;
  readonly documents: ReadonlyMap<string, Role>;
  readonly groups: readonly string[];
}

export type ClaimsResult =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'invalid'; readonly detail: string };

/** Largest time that is still a point in time, in seconds. */
const LATEST = 8.64e12;
const MAX_GRANTS = 1000;
const MAX_GROUPS = 500;
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;
/** Beginnings of identities that the server gives to keys, links and people who were erased; nobody can come with one. */
const RESERVED_USERS = /^(key|link|erased):/;

const documentRoleSchema = z.enum(ROLES).exclude(['admin']);
const idSchema = z.string().regex(SUBJECT_ID_PATTERN, 'must be 1 to 128 characters without control characters');
const namesSchema = z.array(z.string()).max(MAX_GRANTS).optional();

const claimsSchema = z.object({
  sub: idSchema.refine((user) => !RESERVED_USERS.test(user), 'begins like an identity that only the server gives'),
  name: z.string().max(256).regex(NO_CONTROL_CHARACTERS, 'holds control characters').optional(),
  tenant: z.string().default(DEFAULT_TENANT),
  iat: z.number().min(0).max(LATEST).default(0),
  exp: z.number().positive().max(LATEST),
  role: z.enum(ROLES).optional(),
  // Entries, not a record: a record schema would look keys up on a plain object, and `__proto__` is not a name anyway.
  documents: z
    .custom<object>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an object',
    )
    .optional(),
  groups: z.array(idSchema).max(MAX_GROUPS).default([]),
  allowedDocumentNames: namesSchema,
  readonlyDocumentNames: namesSchema,
  commentDocumentNames: namesSchema,
});

type Claims = z.infer<typeof claimsSchema>;

/**
 * Reads the claims of a token whose signature and times were checked already. `fallbackRole` is the tenant-wide role of
 * a token that says nothing about it: neither `role` nor which documents may be edited.
 */
export function parseTokenClaims(payload: unknown, fallbackRole: Role = 'none'): ClaimsResult {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return invalid(describeIssue(parsed.error.issues[0]));
  const tenant = parseTenant(parsed.data.tenant);
  if (tenant === null) return invalid('the claim "tenant" must match ^[a-z0-9-]{1,63}$');
  const documents = readDocuments(parsed.data);
  if (typeof documents === 'string') return invalid(documents);
  const { sub, name, iat, exp, groups } = parsed.data;
  return {
    kind: 'valid',
    claims: {
      tenant,
      user: sub,
      displayName: name === undefined || name.trim() === '' ? sub : name.trim(),
      issuedAt: iat * 1000,
      expiresAt: exp * 1000,
      role: parsed.data.role ?? (isSilent(parsed.data) ? fallbackRole : 'none'),
      documents,
      groups: [...new Set(groups)],
    },
  };
}

function isSilent(claims: Claims): boolean {
  return claims.documents === undefined && claims.allowedDocumentNames === undefined;
}

function invalid(detail: string): ClaimsResult {
  return { kind: 'invalid', detail };
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  const claim = issue?.path[0];
  return claim === undefined
    ? 'the claims are not an object'
    : `the claim "${String(claim)}" is not valid: ${issue?.message}`;
}

/** The roles by name or pattern; our own claim wins over Tiptap's. A sentence about what is wrong with them, if so. */
function readDocuments(claims: Claims): ReadonlyMap<string, Role> | string {
  const foreign = readTiptapClaims(claims);
  if (typeof foreign === 'string') return foreign;
  const own = parseGrants(claims.documents ?? {});
  if (typeof own === 'string') return own;
  return foreign.size === 0 ? own : new Map([...foreign, ...own]);
}

/** Returns the grants, or a sentence about what is wrong with them. */
function parseGrants(documents: object): ReadonlyMap<string, Role> | string {
  const entries = Object.entries(documents);
  if (entries.length > MAX_GRANTS) return `the claim "documents" has more than ${MAX_GRANTS} entries`;
  const grants = new Map<string, Role>();
  for (const [pattern, value] of entries) {
    if (parseGrantResource(pattern) === null)
      return 'the claim "documents" has a key that is neither a document name nor a prefix with a * behind it';
    const role = documentRoleSchema.safeParse(value);
    if (!role.success)
      return `the claim "documents" gives "${pattern}" a role that is not one of ${documentRoleSchema.options.join(', ')}`;
    grants.set(pattern, role.data);
  }
  return grants;
}
