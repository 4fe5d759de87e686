/** Roles on a document, from least to most. `admin` is tenant-wide only. */
export const ROLES = ['none', 'viewer', 'commenter', 'editor', 'publisher', 'owner', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** What a caller may do for the tenant as a whole; a machine's key may have one of these without being an admin. */
export const ABILITIES = ['manage-keys', 'read-audit', 'manage-tenant', 'manage-webhooks'] as const;

export type Ability = (typeof ABILITIES)[number];

/** What a caller wants to do: with a document, or, the last ones, with the tenant. */
export const ACTIONS = [
  'read',
  'see-presence',
  'show-cursor',
  'export',
  'comment',
  'write',
  'create',
  'read-history',
  'restore',
  'publish',
  'rename',
  'delete',
  'share',
  ...ABILITIES,
] as const;

export type Action = (typeof ACTIONS)[number];

/** Least role that may do an action. Total, so that a new action cannot be forgotten here. */
const LEAST_ROLE: Readonly<Record<Action, Role>> = {
  read: 'viewer',
  'see-presence': 'viewer',
  'show-cursor': 'viewer',
  export: 'viewer',
  comment: 'commenter',
  write: 'editor',
  create: 'editor',
  // What was taken out of a document is in its history, so reading the document is not enough.
  'read-history': 'editor',
  restore: 'editor',
  publish: 'publisher',
  rename: 'owner',
  delete: 'owner',
  share: 'owner',
  'manage-keys': 'admin',
  'read-audit': 'admin',
  'manage-tenant': 'admin',
  'manage-webhooks': 'admin',
};

/** Whether a role includes an action. */
export function roleAllows(role: Role, action: Action): boolean {
  return includesRole(role, LEAST_ROLE[action]);
}

/** Whether a role is another one or more than it. */
export function includesRole(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}
