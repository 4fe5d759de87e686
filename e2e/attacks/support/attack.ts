import type { Ground } from './ground.ts';
import { type Awaited, type Provoked, type Reply, describeReply, provoke } from './reply.ts';

/** One row of the list of attacks: what is tried, and what must not come of it. */
export interface Attack {
  readonly name: string;
  /** Tries it against whatever server the ground stands on. */
  readonly run: (ground: Ground) => Promise<Verdict>;
  /** A hook of stock Hocuspocus that throws in this case. */
  readonly throwingHook?: string;
  /** What it is about does not exist on a stock server. */
  readonly onlyOurs?: true;
}

/** How a server answered, and what is wrong with that. */
export interface Verdict {
  readonly answer: string;
  readonly problems: readonly string[];
}

/** Gathers the answers to one attack and what was wrong with them. */
export class Finding implements Verdict {
  readonly problems: string[] = [];
  readonly #answers = new Map<string, number>();

  /** Notes an answer. */
  answered(words: string): void {
    this.#answers.set(words, (this.#answers.get(words) ?? 0) + 1);
  }

  /** Notes what is wrong unless the condition holds. */
  must(condition: boolean, otherwise: string): void {
    if (!condition && !this.problems.includes(otherwise)) this.problems.push(otherwise);
  }

  get answer(): string {
    return [...this.#answers].map(([words, times]) => (times === 1 ? words : `${times} × ${words}`)).join('; ');
  }
}

/** What must come of bytes that no server should take. */
export type Sentence = 'closed' | 'refused' | 'refused, then closed' | 'not acknowledged';

const AWAITED: Readonly<Record<Sentence, Awaited>> = {
  closed: 'close',
  refused: 'answer',
  'refused, then closed': 'close',
  'not acknowledged': 'quiet',
};

/** Sends frames on a connection, notes the answer, and holds it against what must come of them. */
export async function hold(
  finding: Finding,
  client: Provoked,
  { frames, sentence }: { readonly frames: readonly Uint8Array[]; readonly sentence: Sentence },
): Promise<Reply> {
  const reply = await provoke(client, frames, AWAITED[sentence]);
  finding.answered(describeReply(reply));
  finding.must(reply.acknowledged === 0, 'acknowledged');
  if (sentence === 'closed' || sentence === 'refused, then closed') finding.must(reply.end !== null, 'stays open');
  if (sentence === 'refused' || sentence === 'refused, then closed') finding.must(reply.refused > 0, 'no refusal');
  return reply;
}
