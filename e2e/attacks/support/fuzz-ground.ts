import { readResidentMegabytes } from '../../bench/process-stats.ts';
import { honestUpdate } from '../../support/bad-updates.ts';
import { readHeldMegabytes } from '../../support/held-memory.ts';
import { handshakeFrames, updateFrame } from '../../support/frames.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { callRest, readField } from '../../support/rest-client.ts';
import { mintToken } from '../../support/tokens.ts';
import type { AttackTarget } from './attack-target.ts';
import { happens, provoke } from './reply.ts';

/** How much more room a server's process may take than before, and how much more may be in it. */
const MOST_MEGABYTES = 150;
const MOST_HELD_MEGABYTES = 30;
/** Milliseconds in which what only passed through is given back: what is still there then is held. */
const GIVEN_BACK_MS = 40_000;
const PATIENCE_MS = 20_000;

/** A server that is fuzzed, and what may not be found about it. */
export interface FuzzGround {
  readonly target: AttackTarget;
  /** Takes what the server holds by now for normal: abilities load code, and start threads, when they are first used. */
  settle(): Promise<void>;
  /** What is wrong with the server at present, in words; empty when nothing is. */
  look(): Promise<readonly string[]>;
  /** How much more it holds than when it was last taken for normal, in MB, and what is wrong with that. */
  lookInside(): Promise<{ readonly held: number; readonly findings: readonly string[] }>;
  /** Starts it anew, and loads every document that there is. */
  reload(): Promise<readonly string[]>;
}

/** Takes a server as it is now for what is normal. */
export function createFuzzGround(target: AttackTarget): FuzzGround {
  let before = readResidentMegabytes(target.process().pid);
  let heldBefore = 0;
  let visits = 0;

  const look = async (): Promise<readonly string[]> => {
    const { exit, output, pid } = target.process();
    if (exit !== null) return [`the process ended: ${output().slice(-2_000)}`];
    visits += 1;
    const errors = output()
      .split('\n')
      .filter((line) => /"level":"?(error|fatal|50|60)/.test(line));
    const grown = (): number => readResidentMegabytes(pid) - before;
    if (grown() > MOST_MEGABYTES) await happens(() => grown() <= MOST_MEGABYTES, GIVEN_BACK_MS);
    const resident = grown();
    return [
      ...errors.map((line) => `an error in the log: ${line.slice(0, 500)}`),
      ...(resident > MOST_MEGABYTES ? [`+${Math.round(resident)} MB`] : []),
      ...(await visit(target, `visit-${visits}`)),
    ];
  };

  return {
    target,
    async settle() {
      heldBefore = await readHeldMegabytes(target.process());
      before = readResidentMegabytes(target.process().pid);
    },
    look,
    async lookInside() {
      const held = (await readHeldMegabytes(target.process())) - heldBefore;
      return { held, findings: held > MOST_HELD_MEGABYTES ? [`${Math.round(held)} MB more are held`] : [] };
    },
    async reload() {
      await target.restart();
      return findUnreadable(target);
    },
  };
}

/** Somebody honest comes by, writes, and is acknowledged. */
async function visit(target: AttackTarget, document: string): Promise<readonly string[]> {
  const client = await connectRaw(target.collabUrl);
  const token = await mintToken({ sub: 'visitor', role: 'editor' });
  const frames = [...handshakeFrames(document, token), updateFrame(document, honestUpdate('visit'))];
  const first = await provoke(client, frames, { awaited: 'answer', withinMs: PATIENCE_MS });
  const reply =
    first.acknowledged > 1 ? first : await provoke(client, [], { awaited: 'answer', withinMs: PATIENCE_MS });
  client.socket.terminate();
  return first.acknowledged + reply.acknowledged > 0 ? [] : ['an honest visitor is not served'];
}

/** Documents that cannot be read. */
async function findUnreadable(target: AttackTarget): Promise<readonly string[]> {
  const token = await mintToken({ sub: 'visitor', role: 'admin' });
  const problems: string[] = [];
  const base = `http://127.0.0.1:${target.port}/v1/documents`;
  for (let cursor: unknown = null, page = 0; cursor !== undefined && page < 1_000; page += 1) {
    const list = await callRest(
      `${base}?limit=100${typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
      { token },
    );
    if (list.status !== 200) return [`the list of documents answers ${list.status}`];
    for (const entry of asArray(readField(list.body, 'documents'))) {
      const name = String(readField(entry, 'name'));
      const { status } = await callRest(`${base}/${encodeURIComponent(name)}/content?format=yjs`, { token });
      if (status !== 200) problems.push(`${name} answers ${status}`);
    }
    const next = readField(list.body, 'nextCursor');
    cursor = typeof next === 'string' ? next : undefined;
  }
  return problems;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
