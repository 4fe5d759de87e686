import type {
  ApiKeyInput,
  ApiKeyListView,
  ApiKeySecretView,
  DocumentGrantInput,
  GrantInput,
  GrantListView,
  GrantView,
  LinkInput,
  LinkView,
} from '@scriptorium/shared/access-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { ACCESS_OPERATIONS } from './rest-operations-access.ts';

interface Page {
  readonly cursor?: string;
  readonly limit?: number;
}

/** Gives roles and keys to people and programs, and takes them back. Calls reject with a `RestError`. */
export interface AccessClient {
  listDocumentGrants(name: string, page?: Page): Promise<GrantListView>;
  /** `subject` is `user:…`, `group:…` or `link:…`. */
  setDocumentGrant(name: string, subject: string, grant: DocumentGrantInput): Promise<GrantView>;
  revokeDocumentGrant(name: string, subject: string): Promise<void>;
  /** The secret is told here and never again. */
  createLink(name: string, link: LinkInput): Promise<LinkView>;
  listGrants(page?: Page & { readonly subject?: string; readonly resource?: string }): Promise<GrantListView>;
  setGrant(grant: GrantInput): Promise<GrantView>;
  revokeGrant(grant: { readonly subject: string; readonly resource: string }): Promise<void>;
  /** Takes back all that was given to a user. */
  revokeUser(user: string): Promise<void>;
  listApiKeys(page?: Page): Promise<ApiKeyListView>;
  /** The secret is told here and never again. */
  createApiKey(key: ApiKeyInput): Promise<ApiKeySecretView>;
  rotateApiKey(id: string, rotation?: { readonly overlapSeconds?: number }): Promise<ApiKeySecretView>;
  revokeApiKey(id: string): Promise<void>;
}

/** Talks to one server on behalf of a program. */
export function createAccessClient(options: RestClientOptions): AccessClient {
  const call = createCallRest(ACCESS_OPERATIONS, options);
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  const done = async (response: Promise<Response>): Promise<void> => void (await response);
  return {
    listDocumentGrants: (name, page = {}) =>
      json(call('listDocumentGrants', { parameters: { name }, query: { ...page } })),
    setDocumentGrant: (name, subject, body) => json(call('setDocumentGrant', { parameters: { name, subject }, body })),
    revokeDocumentGrant: (name, subject) => done(call('revokeDocumentGrant', { parameters: { name, subject } })),
    createLink: (name, body) => json(call('createLink', { parameters: { name }, body })),
    listGrants: (page = {}) => json(call('listGrants', { query: { ...page } })),
    setGrant: (body) => json(call('setGrant', { body })),
    revokeGrant: (grant) => done(call('revokeGrant', { query: { ...grant } })),
    revokeUser: (user) => done(call('revokeUser', { parameters: { user } })),
    listApiKeys: (page = {}) => json(call('listApiKeys', { query: { ...page } })),
    createApiKey: (body) => json(call('createApiKey', { body })),
    rotateApiKey: (id, body = {}) => json(call('rotateApiKey', { parameters: { id }, body })),
    revokeApiKey: (id) => done(call('revokeApiKey', { parameters: { id } })),
  };
}
