import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { loadMeilisearchContract } from './openapi-contract.ts';
import { StandInState } from './stand-in-state.ts';

export const API_KEY = 'a-key-for-tests';

/**
 * A server that speaks Meilisearch's protocol, for the adapter's tests: every request, and every reply of its own, is
 * held against the published OpenAPI document. It proves the shape on the wire; ranking and typing mistakes are
 * Meilisearch's own business, so it matches whole words and beginnings only.
 */
export interface MeilisearchStandIn {
  readonly url: string;
  /** What was wrong with requests or replies so far. */
  readonly violations: readonly string[];
  /** Method and path of each request so far. */
  readonly requests: readonly string[];
  /** Answers everything with this status, or not at all (`hang`), until it is `null`. */
  fail: number | 'hang' | null;
  /** Code with which the next task is to fail. */
  failNextTask: string | null;
  /** Documents with this text are never taken, nor what comes with them. */
  refuse: string | null;
  /** Forgets everything that it was given. */
  lose(): void;
  stop(): Promise<void>;
}

export async function startMeilisearchStandIn(): Promise<MeilisearchStandIn> {
  const contract = loadMeilisearchContract();
  const state = new StandInState();
  const violations: string[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const [path = '/'] = (request.url ?? '/').split('?');
      const method = (request.method ?? 'GET').toLowerCase();
      requests.push(`${method} ${path}`);
      const body = await readBody(request);
      if (standIn.fail === 'hang') return;
      violations.push(...contract.checkRequest(method, path, body).map((it) => `request ${method} ${path}: ${it}`));
      const reply =
        standIn.fail !== null
          ? { status: standIn.fail, body: problem('internal', 'internal') }
          : request.headers.authorization !== `Bearer ${API_KEY}`
            ? { status: 401, body: problem('missing_authorization_header', 'auth') }
            : state.handle({ method, path, body, takeFailure: () => takeFailure(path, body) });
      if (standIn.fail === null) {
        const faults = contract.checkReply({ method, path }, reply.status, reply.body);
        violations.push(...faults.map((it) => `reply ${reply.status} to ${method} ${path}: ${it}`));
      }
      response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
    })();
  });
  const takeFailure = (path: string, body: unknown): string | null => {
    const { refuse } = standIn;
    if (refuse !== null && path.endsWith('/documents') && JSON.stringify(body).includes(refuse))
      return 'invalid_document_fields';
    const code = standIn.failNextTask;
    standIn.failNextTask = null;
    return code;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const standIn: MeilisearchStandIn = {
    url: `http://127.0.0.1:${portOf(server)}`,
    violations,
    requests,
    fail: null,
    failNextTask: null,
    refuse: null,
    lose: () => {
      state.lose();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return standIn;
}

function problem(code: string, type: string) {
  return { message: `refused: ${code}`, code, type, link: `https://docs.meilisearch.com/errors#${code}` };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}
