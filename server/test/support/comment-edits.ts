import * as Y from 'yjs';
import type { Random } from './random.ts';

const TEXTS = ['a', 'well said ', '😀', 'ß→∑', 'no, I do not think so '];

/** One random edit of the threads: each has a text and replies of their own. */
export function editComments(doc: Y.Doc, random: Random): void {
  const threads = doc.getMap<Y.Map<unknown>>('comments');
  const key = `t${random.below(4)}`;
  const thread = threads.get(key);
  if (thread === undefined || random.chance(0.1)) {
    threads.set(key, newThread(random));
    return;
  }
  if (random.chance(0.12)) threads.delete(key);
  else if (random.chance(0.15)) thread.set('resolved', random.chance(0.5));
  else if (random.chance(0.4)) editReplies(thread.get('replies') as Y.Array<Y.Text>, random);
  else editText(thread.get('text') as Y.Text, random);
}

function newThread(random: Random): Y.Map<unknown> {
  return new Y.Map<unknown>([
    ['text', new Y.Text(random.pick(TEXTS))],
    ['replies', new Y.Array<Y.Text>()],
  ]);
}

function editReplies(replies: Y.Array<Y.Text>, random: Random): void {
  const at = random.below(replies.length + 1);
  if (at < replies.length && random.chance(0.3)) replies.delete(at, 1);
  else if (at < replies.length && random.chance(0.6)) editText(replies.get(at), random);
  else replies.insert(at, [new Y.Text(random.pick(TEXTS))]);
}

function editText(text: Y.Text, random: Random): void {
  const at = random.below(text.length + 1);
  const length = Math.min(1 + random.below(4), text.length - at);
  const kind = length === 0 ? 2 : random.below(4);
  if (kind === 0) text.delete(at, length);
  else if (kind === 1) text.format(at, length, { bold: random.chance(0.6) ? true : null });
  else text.insert(at, random.pick(TEXTS));
}
