import { signToken } from './test-node.ts';

/** One call of a test node's REST. */
export interface Call {
  readonly token?: string;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer> | object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly json: { readonly [field: string]: unknown };
  readonly etag: string;
}

/** Calls a node's REST as a program would. */
export async function createCaller(node: { readonly port: number }, claims: Readonly<Record<string, unknown>> = {}) {
  const own = await signToken({ sub: 'ada', role: 'owner', ...claims });
  return async (method: string, path: string, call: Call = {}): Promise<Answer> => {
    const { token = own, type, body, headers = {} } = call;
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`http://127.0.0.1:${node.port}/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Answer['json']) : {},
      etag: response.headers.get('etag') ?? '',
    };
  };
}

export type Caller = Awaited<ReturnType<typeof createCaller>>;
