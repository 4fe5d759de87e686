import type { Frame } from '../../support/frames.ts';
import type { RawClient, SocketEnd } from '../../support/raw-client.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** What a server answered to what was sent. */
export interface Reply {
  readonly acknowledged: number;
  readonly refused: number;
  /** Reasons of refused documents. */
  readonly denied: readonly string[];
  readonly end: SocketEnd | null;
}

/** What is to be waited for; a server that does not answer like that is waited for until the patience is over. */
export type Awaited = 'close' | 'answer' | 'close or denial' | 'close, denial or login' | 'quiet';

/** A connection, and how long its server is waited for. */
export type Provoked = RawClient & { readonly patienceMs?: number };

const PATIENCE_MS = 10_000;
/** For what must not happen, and what nobody answers. */
const QUIET_MS = 250;

/** Sends frames and waits for what comes back of it. */
export async function provoke(
  client: Provoked,
  frames: readonly Uint8Array[],
  until: Awaited | { readonly awaited: Awaited; readonly withinMs: number },
): Promise<Reply> {
  const awaited = typeof until === 'string' ? until : until.awaited;
  const usual = awaited === 'quiet' ? QUIET_MS : (client.patienceMs ?? PATIENCE_MS);
  const withinMs = typeof until === 'string' ? usual : until.withinMs;
  const from = client.frames.length;
  if (client.end === null && frames.length > 0) client.send(...frames);
  const isIn = () => awaited === 'close, denial or login' && client.count('authenticated') > 0;
  await happens(() => isIn() || isAnswered(readReply(client, from), awaited), withinMs);
  return readReply(client, from);
}

function isAnswered(reply: Reply, awaited: Awaited): boolean {
  if (reply.end !== null) return true;
  if (awaited === 'answer') return reply.acknowledged + reply.refused > 0;
  return awaited.includes('denial') && reply.denied.length > 0;
}

/** What came since that many frames. */
export function readReply(client: RawClient, from: number): Reply {
  const frames = client.frames.slice(from);
  const statuses = frames.filter((frame) => frame.kind === 'sync-status');
  return {
    acknowledged: statuses.filter(({ applied }) => applied).length,
    refused: statuses.filter(({ applied }) => !applied).length,
    denied: frames.filter(isDenial).map(({ reason }) => reason),
    end: client.end,
  };
}

function isDenial(frame: Frame): frame is Frame & { kind: 'permission-denied' } {
  return frame.kind === 'permission-denied';
}

/** Whether something happens within the time. */
export function happens(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  return waitUntil(condition, { what: 'it', timeoutMs }).then(
    () => true,
    () => false,
  );
}

/** A reply in a few words. */
export function describeReply({ acknowledged, refused, denied, end }: Reply): string {
  const words = [
    ...(acknowledged > 0 ? [acknowledged === 1 ? 'ack' : `${acknowledged} acks`] : []),
    ...(refused > 0 ? [refused === 1 ? 'nack' : `${refused} nacks`] : []),
    ...(denied.length > 0 ? [`denied ${[...new Set(denied)].slice(0, 2).join(' ')}`] : []),
    ...(end === null ? [] : [`close ${end.code}`]),
  ];
  return words.length === 0 ? 'silence' : words.join(', ');
}
