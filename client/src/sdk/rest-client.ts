import type {
  ClientConfigView,
  DocumentListView,
  DocumentView,
  SessionView,
  SignInView,
} from '@scriptorium/shared/rest-schemas';
import type { SearchBody, SearchPageView } from '@scriptorium/shared/search-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { EDITOR_OPERATIONS } from './rest-operations.ts';

export type { RestClientOptions } from './rest-call.ts';
export { RestError } from './rest-error.ts';

/** The part of the REST interface that editors need. Calls reject with a `RestError`. */
export interface RestClient {
  readConfig(): Promise<ClientConfigView>;
  /** Development mode only. */
  signIn(name: string): Promise<SignInView>;
  readSession(): Promise<SessionView>;
  listDocuments(page?: {
    readonly prefix?: string;
    readonly cursor?: string;
    readonly limit?: number;
  }): Promise<DocumentListView>;
  createDocument(name: string): Promise<DocumentView>;
  /** Follows a rename: the answer holds the name of today. */
  readDocument(name: string): Promise<DocumentView>;
  renameDocument(name: string, newName: string): Promise<DocumentView>;
  deleteDocument(name: string): Promise<void>;
  /**
   * Finds what the asker may read at this moment. The last word of the query is a beginning. Rejects with
   * `search-unavailable` while the engine is away, and with an `AbortError` when the signal says so.
   */
  search(question: SearchQuestion, signal?: AbortSignal): Promise<SearchPageView>;
}

/** What is searched for; a query alone will do. */
export type SearchQuestion = Pick<SearchBody, 'q'> & Partial<SearchBody>;

/** Talks to one server. Its answers are trusted to have the shape of the shared schemas, whose types they get. */
export function createRestClient(options: RestClientOptions): RestClient {
  const callRest = createCallRest(EDITOR_OPERATIONS, options);
  const call = async <T>(
    operation: keyof typeof EDITOR_OPERATIONS,
    details: Parameters<typeof callRest>[1] = {},
  ): Promise<T> => (await (await callRest(operation, details)).json()) as T;
  return {
    readConfig: () => call('readConfig', { anonymous: true }),
    signIn: (name) => call('signIn', { body: { name }, anonymous: true }),
    readSession: () => call('readSession'),
    listDocuments: (page = {}) => call('listDocuments', { query: page }),
    createDocument: (name) => call('createDocument', { body: { name } }),
    readDocument: (name) => call('readDocument', { parameters: { name } }),
    renameDocument: (name, newName) => call('changeDocument', { parameters: { name }, body: { name: newName } }),
    deleteDocument: async (name) => {
      await callRest('deleteDocument', { parameters: { name } });
    },
    search: (question, signal) => call('searchWithBody', { body: question, signal }),
  };
}
