import type {
  ClientConfigView,
  DocumentListView,
  DocumentView,
  SessionView,
  SignInView,
} from '@scriptorium/shared/rest-schemas';
import type { SearchBody, SearchPageView } from '@scriptorium/shared/search-schemas';
import type { Problem } from '@scriptorium/shared/problem';
import type { TokenSource } from './token-source.ts';

/** An answer that is an error; `code` is of the shared error table, or `unreachable` when there was no answer. */
export class RestError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(
    problem: { readonly code: string; readonly status: number; readonly title: string },
    options?: ErrorOptions,
  ) {
    super(problem.title, options);
    this.name = 'RestError';
    this.code = problem.code;
    this.status = problem.status;
  }
}

export interface RestClientOptions {
  /** Address that `/v1` is below; empty for the page's own server. */
  readonly baseUrl?: string;
  /** Only needed for calls that need to know who asks. */
  readonly token?: TokenSource;
}

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

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly anonymous?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Talks to one server. Its answers are trusted to have the shape of the shared schemas, whose types they get. */
export function createRestClient({ baseUrl = '', token }: RestClientOptions): RestClient {
  const call = async <T>(path: string, { method = 'GET', body, anonymous = false, signal }: Call = {}): Promise<T> => {
    const headers = new Headers({ accept: 'application/json' });
    if (body !== undefined) headers.set('content-type', 'application/json');
    if (!anonymous && token !== undefined) headers.set('authorization', `Bearer ${await token()}`);
    const init: RequestInit = { method, headers, signal: signal ?? null };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await reach(`${baseUrl}/v1${path}`, init);
    if (!response.ok) throw await readProblem(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  const documentPath = (name: string): string => `/documents/${encodeURIComponent(name)}`;
  return {
    readConfig: () => call('/config', { anonymous: true }),
    signIn: (name) => call('/dev/sign-in', { method: 'POST', body: { name }, anonymous: true }),
    readSession: () => call('/session'),
    listDocuments: (page = {}) => {
      const query = new URLSearchParams(Object.entries(page).map(([key, value]) => [key, String(value)]));
      return call(`/documents${query.size === 0 ? '' : `?${query.toString()}`}`);
    },
    createDocument: (name) => call('/documents', { method: 'POST', body: { name } }),
    readDocument: (name) => call(documentPath(name)),
    renameDocument: (name, newName) => call(documentPath(name), { method: 'PATCH', body: { name: newName } }),
    deleteDocument: (name) => call(documentPath(name), { method: 'DELETE' }),
    search: (question, signal) => call('/search', { method: 'POST', body: question, signal }),
  };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    // Whoever gave it up knows.
    if (init.signal?.aborted === true) throw error;
    throw new RestError({ code: 'unreachable', status: 0, title: 'The server cannot be reached.' }, { cause: error });
  }
}

async function readProblem(response: Response): Promise<RestError> {
  const fallback = { code: 'internal', status: response.status, title: `The server answered with ${response.status}.` };
  try {
    const value: unknown = await response.json();
    return new RestError(isProblem(value) ? value : fallback);
  } catch {
    return new RestError(fallback);
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'status' in value;
}
