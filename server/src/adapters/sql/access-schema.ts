import type { SubjectKind } from '@scriptorium/shared/grant-subject';
import type { Role } from '@scriptorium/shared/roles';

/** Tables about who may do what, as Kysely sees them. */
export interface AccessSchema {
  grants: GrantsTable;
  grant_links: GrantLinksTable;
  user_revocations: UserRevocationsTable;
  api_keys: ApiKeysTable;
  access_state: AccessStateTable;
  access_changes: AccessChangesTable;
}

/** At most one row per subject and resource. */
export interface GrantsTable {
  tenant: string;
  subject_kind: SubjectKind;
  subject_id: string;
  /** A document's name, or a prefix with a `*` behind it. */
  resource: string;
  role: Role;
  expires_at: number | null;
  created_at: number;
  created_by: string;
}

/** The secrets of links; the grant of a link is in `grants`, with the link as its subject. */
export interface GrantLinksTable {
  id: string;
  tenant: string;
  /** SHA-256, hex. */
  secret_hash: string;
}

/** Users whose access was taken away: tokens issued up to then are worth nothing. */
export interface UserRevocationsTable {
  tenant: string;
  user_id: string;
  void_until: number;
}

export interface ApiKeysTable {
  id: string;
  tenant: string;
  label: string;
  role: Role;
  /** JSON: pairs of name or pattern and role. */
  documents: string;
  /** JSON: a list. */
  abilities: string;
  /** SHA-256, hex. */
  secret_hash: string;
  previous_hash: string | null;
  previous_ends_at: number | null;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
}

/** One row, whose lock puts changes in the order of their commits. */
export interface AccessStateTable {
  id: number;
  revision: number;
}

/** The newest changes, by revision; older ones are forgotten. */
export interface AccessChangesTable {
  revision: number;
  tenant: string;
  subject_kind: SubjectKind | 'key' | 'person';
  /** Of a person: key and digest, with a space between them. */
  subject_id: string;
}
