import { operationPath, type RestOperation } from './rest-operations.ts';
import { readProblem, RestError } from './rest-error.ts';
import type { TokenSource } from './token-source.ts';

export interface RestClientOptions {
  /** Address that `/v1` is below; empty for the page's own server. */
  readonly baseUrl?: string;
  /** Only needed for calls that need to know who asks. */
  readonly token?: TokenSource;
}

/** What a call sends besides its operation. */
export interface CallDetails {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON, unless it is raw. */
  readonly body?: unknown;
  readonly raw?: { readonly type: string; readonly body: string | Uint8Array<ArrayBuffer> };
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly anonymous?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Calls one operation; answers are handed over as they are, errors are thrown as a `RestError`, but for 304. */
export type CallRest<Name extends string> = (operation: Name, details?: CallDetails) => Promise<Response>;

/** Makes the function through which all calls of a client go, which knows these operations. */
export function createCallRest<Name extends string>(
  operations: Readonly<Record<Name, RestOperation>>,
  { baseUrl = '', token }: RestClientOptions,
): CallRest<Name> {
  return async (name, details = {}) => {
    const operation = operations[name];
    const headers = new Headers({ accept: 'application/json' });
    for (const [header, value] of Object.entries(details.headers ?? {}))
      if (value !== undefined) headers.set(header, value);
    const init: RequestInit = {
      method: operation.method,
      headers,
      signal: details.signal ?? null,
    };
    if (details.raw !== undefined) {
      headers.set('content-type', details.raw.type);
      init.body = details.raw.body;
    } else if (details.body !== undefined) {
      headers.set('content-type', 'application/json');
      init.body = JSON.stringify(details.body);
    }
    if (details.anonymous !== true && token !== undefined) headers.set('authorization', `Bearer ${await token()}`);
    const path = operationPath(operation, details.parameters ?? {});
    const response = await reach(`${baseUrl}${path}${encodeQuery(details.query)}`, init);
    if (!response.ok && response.status !== 304) throw await readProblem(response);
    return response;
  };
}

function encodeQuery(query: CallDetails['query'] = {}): string {
  const known = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return known.length === 0 ? '' : `?${new URLSearchParams(known).toString()}`;
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
