/** Roles on a document, from least to most. `admin` is tenant-wide only. */
export const ROLES = ['none', 'viewer', 'commenter', 'editor', 'publisher', 'owner', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** What a caller wants to do with a document. */
export const ACTIONS = ['read', 'comment', 'write', 'create', 'publish', 'rename', 'delete'] as const;

export type Action = (typeof ACTIONS)[number];

/** Least role that may do an action. */
const LEAST_ROLE: Readonly<Record<Action, Role>> = {
  read: 'viewer',
  comment: 'commenter',
  write: 'editor',
  create: 'editor',
  publish: 'publisher',
  rename: 'owner',
  delete: 'owner',
};

/** Whether a role includes an action. */
export function roleAllows(role: Role, action: Action): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(LEAST_ROLE[action]);
}
