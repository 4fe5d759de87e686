import {
  DEFAULT_TENANT,
  DOCUMENT_NAME_MAX_LENGTH,
  parseDocumentName,
  parseTenant,
  type Tenant,
} from '@scriptorium/shared/document-name';
import { ROLES, type Role } from '@scriptorium/shared/roles';
import { z } from 'zod';

/** What the claims of a verified token say. */
export interface TokenClaims {
  readonly tenant: Tenant;
  readonly user: string;
  readonly displayName: string;
  /** Wall-clock milliseconds. */
  readonly expiresAt: number;
  readonly role: Role;
  readonly documents: ReadonlyMap<string, Role>;
}

export type ClaimsResult =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'invalid'; readonly detail: string };

/** Largest expiry that is still a point in time, in seconds. */
const LATEST_EXPIRY = 8.64e12;
const MAX_GRANTS = 1000;
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;

const documentRoleSchema = z.enum(ROLES).exclude(['admin']);

const claimsSchema = z.object({
  sub: z.string().min(1).max(128).regex(NO_CONTROL_CHARACTERS, 'holds control characters'),
  name: z.string().max(256).regex(NO_CONTROL_CHARACTERS, 'holds control characters').optional(),
  tenant: z.string().default(DEFAULT_TENANT),
  exp: z.number().positive().max(LATEST_EXPIRY),
  role: z.enum(ROLES).default('none'),
  // Entries, not a record: a record schema would look keys up on a plain object, and `__proto__` is not a name anyway.
  documents: z
    .custom<object>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an object',
    )
    .default({}),
});

/** Reads the claims of a token whose signature and times were checked already. */
export function parseTokenClaims(payload: unknown): ClaimsResult {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return invalid(describeIssue(parsed.error.issues[0]));
  const tenant = parseTenant(parsed.data.tenant);
  if (tenant === null) return invalid('the claim "tenant" must match ^[a-z0-9-]{1,63}$');
  const documents = parseGrants(parsed.data.documents);
  if (typeof documents === 'string') return invalid(documents);
  const { sub, name, exp, role } = parsed.data;
  const displayName = name === undefined || name.trim() === '' ? sub : name.trim();
  return { kind: 'valid', claims: { tenant, user: sub, displayName, expiresAt: exp * 1000, role, documents } };
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

/** Returns the grants, or a sentence about what is wrong with them. */
function parseGrants(documents: object): ReadonlyMap<string, Role> | string {
  const entries = Object.entries(documents);
  if (entries.length > MAX_GRANTS) return `the claim "documents" has more than ${MAX_GRANTS} entries`;
  const grants = new Map<string, Role>();
  for (const [pattern, value] of entries) {
    if (!isGrantPattern(pattern))
      return 'the claim "documents" has a key that is neither a document name nor a prefix with a * behind it';
    const role = documentRoleSchema.safeParse(value);
    if (!role.success)
      return `the claim "documents" gives "${pattern}" a role that is not one of ${documentRoleSchema.options.join(', ')}`;
    grants.set(pattern, role.data);
  }
  return grants;
}

function isGrantPattern(pattern: string): boolean {
  if (!pattern.endsWith('*')) return parseDocumentName(pattern) !== null;
  const prefix = pattern.slice(0, -1);
  // A prefix may end in a slash, which a name may not; one more letter makes a name of either.
  return prefix === '' || (prefix.length < DOCUMENT_NAME_MAX_LENGTH && parseDocumentName(`${prefix}a`) !== null);
}
