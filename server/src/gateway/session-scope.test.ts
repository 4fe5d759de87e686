import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSessionFixture } from '../../test/support/session-fixture.ts';
import { buildUpdate, gc, text } from '../../test/support/update-builder.ts';

const AUTHOR = 11;
const COMMENTER = 22;

/** An author's text, and a commenter in the same document. */
async function build() {
  const fixture = createSessionFixture();
  const author = fixture.join('ada');
  const commenter = fixture.join('lin', 'comments');
  for (const client of [author, commenter]) client.enter();
  author.update(buildUpdate([{ client: AUTHOR, structs: [text('content')] }]));
  await fixture.flush();
  return { ...fixture, author, commenter };
}

const comment = (clock = 0) =>
  buildUpdate([{ client: COMMENTER, clock, structs: [text('x', { parent: 'comments' })] }]);

describe('a session of a commenter', () => {
  it('[GATE26] sees what is committed, as readers do, and its comments reach writers at once', async () => {
    const { room, author, commenter, flush } = await build();
    author.update(buildUpdate([{ client: AUTHOR, clock: 7, structs: [text('!', { origin: [AUTHOR, 6] })] }]));
    expect(commenter.count('update')).toBe(1);
    commenter.update(comment());
    expect(author.count('update')).toBe(1);
    await flush();
    expect(commenter.statuses()).toEqual([true]);
    expect(room.state.rootOf(COMMENTER, 0)).toBe('comments');
  });

  it("[GATE32] brings nothing new under somebody else's clientID, not even empty structs that would take its clocks", async () => {
    const { author, commenter, flush } = await build();
    commenter.update(buildUpdate([{ client: AUTHOR, clock: 7, structs: [gc(100)] }]));
    await flush();
    expect(commenter.statuses()).toEqual([false]);
    author.update(buildUpdate([{ client: AUTHOR, clock: 7, structs: [text('!', { origin: [AUTHOR, 6] })] }]));
    await flush();
    expect(author.statuses()).toEqual([true, true]);
  });

  it('[GATE32] may write under an id that nobody has, and bring what others wrote and the server knows', async () => {
    const { room, commenter, flush } = await build();
    const copy = new Y.Doc();
    Y.applyUpdate(copy, room.state.encode());
    Y.applyUpdate(copy, comment());
    commenter.step1();
    commenter.step2(Y.encodeStateAsUpdate(copy));
    await flush();
    expect(commenter.statuses()).toEqual([true]);
    expect(room.state.clock(COMMENTER)).toBe(1);
  });

  it('[GATE33] is no commenter any more once it sent structs outside the comments, since what follows would hang on them', async () => {
    const { commenter, flush } = await build();
    commenter.update(buildUpdate([{ client: COMMENTER, structs: [text('x')] }]));
    commenter.update(comment(1));
    await flush();
    expect(commenter.statuses()).toEqual([false, false]);
    expect([commenter.session.scope, commenter.session.barred]).toEqual(['none', 'below-all']);
  });

  it('[GATE33] stays one when it only deleted there, which is refused and leaves no gap', async () => {
    const { room, commenter, flush } = await build();
    commenter.update(buildUpdate([], [{ client: AUTHOR, ranges: [[0, 3]] }]));
    commenter.update(comment());
    await flush();
    expect(commenter.statuses()).toEqual([false, true]);
    expect([commenter.session.scope, commenter.session.barred]).toEqual(['comments', 'none']);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.state.encode());
    expect(doc.getText('text').toString()).toBe('content');
  });
});
