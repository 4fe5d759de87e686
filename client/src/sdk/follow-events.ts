import type { DocumentEvent } from './document-event.ts';
import { EventStreamParser, type StreamBlock } from './event-stream-parser.ts';
import { RestError } from './rest-error.ts';

export interface FollowOptions {
  /** Number of the last event that was heard: what came since is told first. Without it the stream begins now. */
  readonly after?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** Where a stream is opened: behind an event, or now. */
export interface StreamStart {
  readonly name: string;
  readonly after: number | null;
  readonly signal: AbortSignal;
}

interface FollowDeps extends FollowOptions {
  readonly name: string;
  /** Opens the stream. Rejects with a `RestError`. */
  readonly open: (start: StreamStart) => Promise<Response>;
  /** Milliseconds; tests make them short. */
  readonly times?: { readonly silence: number; readonly retry: number };
}

/** The server says something at least every 15 s; a line on which nothing came for this long is dead. */
const SILENCE = 45_000;
/** Milliseconds; `retry` where the server has not said how long to wait. */
const TIMES = { silence: SILENCE, retry: 3_000 } as const;
const LONGEST_RETRY = 30_000;

/** How far a follower is. */
interface Progress {
  name: string;
  after: number | null;
  /** Milliseconds that the server asks to wait for. */
  retry: number;
  /** Attempts in a row of which nothing came. */
  failures: number;
  isOver: boolean;
}

/**
 * The events of a document, each once and in order. A stream that breaks is opened again behind the last event, after
 * pauses that double, with full jitter, as long as somebody listens.
 */
export async function* followEvents(deps: FollowDeps): AsyncGenerator<DocumentEvent, void, undefined> {
  const { name, after = null, times = TIMES, signal = new AbortController().signal } = deps;
  const progress: Progress = { name, after, retry: times.retry, failures: 0, isOver: false };
  while (!signal.aborted) {
    try {
      yield* hear(listen({ ...progress, open: deps.open, signal, silence: times.silence }), progress);
    } catch (error) {
      if (signal.aborted || (error instanceof RestError && error.code === 'document-deleted')) return;
      if (isFinal(error)) throw error;
    }
    if (progress.isOver) return;
    const longest = Math.min(LONGEST_RETRY, progress.retry * 2 ** Math.min(progress.failures, 10));
    progress.failures += 1;
    await pause(Math.random() * longest, signal);
  }
}

/** The events of one stream; notes how far it came. */
async function* hear(
  blocks: AsyncIterable<StreamBlock>,
  progress: Progress,
): AsyncGenerator<DocumentEvent, void, undefined> {
  for await (const { id, data, retry } of blocks) {
    progress.failures = 0;
    progress.retry = retry ?? progress.retry;
    progress.after = id === null ? progress.after : Number(id);
    if (data === null) continue;
    const event = JSON.parse(data) as DocumentEvent;
    progress.name = event.data.document;
    progress.isOver = event.type === 'document.deleted';
    yield event;
    if (progress.isOver) return;
  }
}

/** The blocks of one stream, until it ends. Throws when it breaks, or nothing comes for too long. */
async function* listen(
  deps: StreamStart & Pick<FollowDeps, 'open'> & { readonly silence: number },
): AsyncGenerator<StreamBlock, void, undefined> {
  const line = new AbortController();
  const cut = (): void => line.abort();
  deps.signal.addEventListener('abort', cut);
  let timer = setTimeout(cut, deps.silence);
  try {
    const { body } = await deps.open({ name: deps.name, after: deps.after, signal: line.signal });
    if (body === null) return;
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(cut, deps.silence);
      yield* parser.feed(decoder.decode(piece.value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
    deps.signal.removeEventListener('abort', cut);
    cut();
  }
}

/** Whether asking again would be answered in the same way. A server that is away, full or limits us is none of that. */
function isFinal(error: unknown): boolean {
  return error instanceof RestError && error.status >= 400 && error.status < 500 && ![408, 429].includes(error.status);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
