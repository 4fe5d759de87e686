import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

/** What becomes of a request to the gateway. */
export type Fault =
  | 'pass'
  /** 503 SlowDown, as S3 says it. */
  | 'slow-down'
  /** 404 from something that is not the store. */
  | 'bare-404'
  /** The request is taken and never answered. */
  | 'hang'
  /** Headers and half of the body, then nothing more, and the connection stays. */
  | 'stall'
  /** Half of the body, and the connection ends. */
  | 'truncate'
  /** The body in small pieces with pauses between them, to its end. */
  | 'drip'
  /** One bit of the body is another. */
  | 'flip'
  /** The connection ends before anything is answered. */
  | 'reset'
  /** 503 with the wish to be asked again in an hour. */
  | 'retry-in-an-hour';

/** An HTTP server in front of a real object store that does to each request what a test says. */
export interface FaultGateway {
  readonly endpoint: string;
  /** Requests so far, as `GET /path`. */
  readonly requests: readonly string[];
  /** Decides about each request; passes all of them until a test says otherwise. */
  plan: (request: { readonly method: string; readonly path: string }) => Fault;
  close(): Promise<void>;
}

const DRIP_PIECES = 20;

export async function startFaultGateway(target: string): Promise<FaultGateway> {
  const requests: string[] = [];
  const gateway = { plan: (): Fault => 'pass' } as { plan: FaultGateway['plan'] };
  const server = createServer((inbound, outbound) => {
    const about = { method: inbound.method ?? '', path: inbound.url ?? '' };
    requests.push(`${about.method} ${about.path}`);
    handle(gateway.plan(about), target, { inbound, outbound });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(gateway, {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

interface Exchange {
  readonly inbound: IncomingMessage;
  readonly outbound: ServerResponse;
}

function handle(fault: Fault, target: string, exchange: Exchange): void {
  const { inbound, outbound } = exchange;
  switch (fault) {
    case 'hang':
      inbound.resume();
      return;
    case 'reset':
      inbound.socket.destroy();
      return;
    case 'slow-down':
      answerError(exchange, {});
      return;
    case 'retry-in-an-hour':
      answerError(exchange, { 'retry-after': '3600' });
      return;
    case 'bare-404':
      inbound.resume();
      outbound.writeHead(404, { 'content-type': 'text/html' }).end('<html>not found</html>');
      return;
    default:
      forward(fault, target, exchange);
  }
}

function answerError({ inbound, outbound }: Exchange, headers: Record<string, string>): void {
  inbound.resume();
  const body = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>slow down</Message></Error>';
  outbound.writeHead(503, { 'content-type': 'application/xml', ...headers }).end(body);
}

/** The host header goes along as it came, since the signature covers it. */
function forward(fault: Fault, target: string, { inbound, outbound }: Exchange): void {
  const onward = request(`${target}${inbound.url ?? ''}`, { method: inbound.method, headers: inbound.headers });
  onward.on('error', () => outbound.destroy());
  onward.on('response', (response: IncomingMessage) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      outbound.writeHead(response.statusCode ?? 500, response.headers);
      deliver(fault, outbound, Buffer.concat(chunks));
    });
  });
  inbound.pipe(onward);
}

function deliver(fault: Fault, outbound: ServerResponse, body: Buffer): void {
  const middle = body.length >> 1;
  switch (fault) {
    case 'stall':
      outbound.write(body.subarray(0, middle));
      return;
    case 'truncate':
      outbound.write(body.subarray(0, middle), () => outbound.destroy());
      return;
    case 'flip':
      body[middle] = (body[middle] ?? 0) ^ 1;
      outbound.end(body);
      return;
    case 'drip':
      drip(outbound, body);
      return;
    default:
      outbound.end(body);
  }
}

function drip(outbound: ServerResponse, body: Buffer): void {
  const size = Math.ceil(body.length / DRIP_PIECES);
  let at = 0;
  const next = (): void => {
    outbound.write(body.subarray(at, at + size));
    at += size;
    if (at < body.length) setTimeout(next, 20);
    else outbound.end();
  };
  next();
}
