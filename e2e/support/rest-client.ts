import * as Y from 'yjs';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or `null` when the body is none. */
  readonly body: unknown;
  readonly bytes: Uint8Array;
}

export interface RestRequest {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `follow`. */
  readonly redirect?: 'follow' | 'manual';
}

/** One REST call. */
export async function callRest(url: string, request: RestRequest = {}): Promise<RestAnswer> {
  const response = await fetch(url, {
    method: request.method ?? 'GET',
    headers: {
      ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    redirect: request.redirect ?? 'follow',
    signal: AbortSignal.timeout(10_000),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body: parseJson(bytes), bytes };
}

/** Reads a field of a JSON body by path; `undefined` when it is not there. */
export function readField(body: unknown, ...path: readonly (string | number)[]): unknown {
  let value: unknown = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/**
 * The committed state of a document. The server may answer only when all that it has taken is committed, so this tells
 * nothing about what was committed at the moment of the call: for that, kill the server first.
 */
export async function readCommitted(serverUrl: string, document: string, token: string): Promise<Y.Doc> {
  const address = `${serverUrl}/v1/documents/${encodeURIComponent(document)}/content?format=yjs`;
  const answer = await callRest(address, { token });
  const doc = new Y.Doc();
  // Not there, or not there any more: a crash leaves nothing.
  if (answer.status === 404 || answer.status === 410) return doc;
  if (answer.status !== 200) throw new Error(`content of ${document}: ${answer.status} ${JSON.stringify(answer.body)}`);
  Y.applyUpdate(doc, answer.bytes);
  return doc;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
