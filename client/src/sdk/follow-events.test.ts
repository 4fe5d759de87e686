import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentEvent } from './document-event.ts';
import { followEvents, type FollowOptions, type StreamStart } from './follow-events.ts';
import { readProblem, RestError } from './rest-error.ts';

/** How one opening of the stream is answered. */
type Turn = (response: ServerResponse) => void;

const TIMES = { silence: 30_000, retry: 1 };

let server: Server;
let turns: Turn[];
/** How the stream was opened: the name, and the event behind which. */
let opened: [string, number | null][];
let closed: number;

beforeEach(async () => {
  turns = [];
  opened = [];
  closed = 0;
  server = createServer((_request, response) => {
    response.on('close', () => void (closed += 1));
    const turn = turns.shift();
    if (turn === undefined) response.writeHead(500).end();
    else turn(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function open({ name, after, signal }: StreamStart): Promise<Response> {
  opened.push([name, after]);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const response = await fetch(url, { signal });
  if (!response.ok) throw await readProblem(response);
  return response;
}

const follow = (options: FollowOptions & { readonly times?: typeof TIMES } = {}) =>
  followEvents({ name: 'a', open, times: TIMES, ...options });

function frame(number: number, type = 'document.changed', document = 'a'): string {
  const data = { tenant: 'default', document, number, user: null };
  return `id: ${number}\nevent: ${type}\ndata: ${JSON.stringify({ type, timestamp: '', data })}\n\n`;
}

const stream =
  (text: string, end: (response: ServerResponse) => void = (response) => response.end()): Turn =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // What is cut off is cut off behind this.
    response.write(text, () => end(response));
  };
const refuse =
  (status: number, code: string): Turn =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ code, status, title: code }));
const stay = (): void => undefined;

async function collect(events: AsyncIterable<DocumentEvent>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of events) numbers.push(event.data.number);
  return numbers;
}

describe('[SDK261] events are told each once and in order', () => {
  it('through streams that end, break, cannot be opened or go on under another name', async () => {
    turns = [
      stream(`retry: 1\nid: 4\n\n${frame(5)}${frame(6)}`),
      refuse(503, 'overloaded'),
      refuse(429, 'rate-limited'),
      stream(frame(7), (response) => response.destroy()),
      (response) => void response.destroy(),
      stream(frame(8, 'document.renamed', 'b')),
      stream(frame(9, 'document.deleted', 'b'), stay),
    ];
    expect(await collect(follow())).toEqual([5, 6, 7, 8, 9]);
    expect(opened).toEqual([['a', null], ...[6, 6, 6, 7, 7].map((after) => ['a', after]), ['b', 8]]);
  });

  it('also of what happens between a beginning and a break before the first event', async () => {
    turns = [stream('retry: 1\nid: 4\n\n'), stream(frame(5, 'document.deleted'), stay)];
    expect(await collect(follow())).toEqual([5]);
    expect(opened).toEqual([
      ['a', null],
      ['a', 4],
    ]);
  });

  it('behind the one that was heard', async () => {
    turns = [refuse(410, 'document-deleted')];
    expect(await collect(follow({ after: 12 }))).toEqual([]);
    expect(opened).toEqual([['a', 12]]);
  });

  it('on a line on which something comes; one that is silent is given up', async () => {
    turns = [stream(frame(1), stay), stream(frame(2, 'document.deleted'), stay)];
    expect(await collect(follow({ times: { silence: 200, retry: 1 } }))).toEqual([1, 2]);
    expect(closed).toBeGreaterThan(0);
  });

  it('until the caller may not listen any more, and then it is told why', async () => {
    turns = [stream(frame(1)), refuse(403, 'forbidden')];
    const heard: number[] = [];
    const listening = (async () => {
      for await (const event of follow()) heard.push(event.data.number);
    })();
    await expect(listening).rejects.toThrow(RestError);
    await expect(listening).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    expect(heard).toEqual([1]);
  });

  it.each(['a signal', 'a listener who leaves'])('until %s ends it, and the connection with it', async (who) => {
    turns = [stream(frame(1), stay)];
    const controller = new AbortController();
    for await (const event of follow({ signal: controller.signal })) {
      expect(event.data.number).toBe(1);
      if (who !== 'a signal') break;
      controller.abort();
    }
    await expect.poll(() => closed, { timeout: 20_000 }).toBe(1);
    expect(opened).toHaveLength(1);
  });

  it('a signal ends the pause before the next attempt too', async () => {
    const controller = new AbortController();
    turns = [stream(frame(1))];
    const events = follow({ signal: controller.signal, times: { silence: 30_000, retry: 10_000_000 } });
    expect((await events.next()).done).toBe(false);
    const next = events.next();
    await expect.poll(() => closed, { timeout: 20_000 }).toBe(1);
    controller.abort();
    expect((await next).done).toBe(true);
  });
});
