import { describe, expect, test } from 'vitest';
import { createIdentity, createRights } from '../../test/support/identities.ts';
import { createSessionFixture } from '../../test/support/session-fixture.ts';
import type { Access, Standing } from '../access/access.ts';
import { ScriptoriumError } from '../core/errors.ts';
import { encodePresenceUpdate } from '../core/presence-update.ts';
import { keepStanding } from './session-standing.ts';

/** A session whose owner's standing a test sets, and makes known. */
function build(expiresAt = Infinity) {
  const { clock, telemetry, join } = createSessionFixture();
  const client = join('ada');
  client.session.renew(createIdentity({ expiresAt }));
  let answer: () => Promise<Standing> = () =>
    Promise.resolve({ rights: createRights({ role: 'editor' }), until: Infinity });
  const watchers = new Set<() => void>();
  let asked = 0;
  const access: Pick<Access, 'standingOf' | 'watch'> = {
    standingOf: () => {
      asked += 1;
      return answer();
    },
    watch: (_identity, onChanged) => {
      watchers.add(onChanged);
      return () => void watchers.delete(onChanged);
    },
  };
  const standing = keepStanding(
    { access: access as Access, clock, telemetry, presencePolicy: { seeRole: 'viewer', showRole: 'commenter' } },
    client.session,
  );
  return {
    ...client,
    clock,
    standing,
    watchers,
    asked: () => asked,
    answer: (next: typeof answer) => {
      answer = next;
    },
    change: async () => {
      for (const call of watchers) call();
      await clock.settle();
    },
  };
}

const has =
  (role: 'none' | 'viewer' | 'commenter' | 'editor', until = Infinity) =>
  () =>
    Promise.resolve({ rights: createRights({ role }), until });

describe('[AUTH45] what keeps an open session to what its owner may do', () => {
  test('a change of scope is announced and told, and the session goes on', async () => {
    const it = build();
    await it.clock.settle();
    expect([it.session.scope, it.count('auth')]).toEqual(['all', 0]);
    it.answer(has('commenter'));
    await it.change();
    expect([it.session.scope, it.session.writable, it.count('auth'), it.ended]).toEqual(['comments', false, 1, []]);
    expect(it.sent.some((frame) => frame.kind === 'stateless' && frame.payload.includes('"scope":"comments"'))).toBe(
      true,
    );
    it.answer(has('viewer'));
    await it.change();
    await it.change();
    expect([it.session.scope, it.count('auth'), it.ended]).toEqual(['none', 2, []]);
  });

  test('who may write again is asked for what was refused meanwhile', async () => {
    const it = build();
    it.answer(has('viewer'));
    await it.change();
    const before = it.count('step1');
    it.answer(has('editor'));
    await it.change();
    expect([it.session.scope, it.count('step1') - before]).toEqual(['all', 1]);
  });

  test('when the store is away the session stays as it is, and it is asked again', async () => {
    const it = build();
    await it.clock.settle();
    it.answer(() => Promise.reject(new ScriptoriumError('storage-unavailable')));
    await it.change();
    expect([it.session.scope, it.ended]).toEqual(['all', []]);
    it.answer(has('none'));
    it.clock.advance(10_000);
    await it.clock.settle();
    expect(it.ended).toEqual(['forbidden']);
  });

  test('a token ends on time, also when the store never answers', async () => {
    const fixture = createSessionFixture();
    const it = build(fixture.clock.now() + 60_000);
    it.answer(() => new Promise<never>(() => undefined));
    await it.change();
    it.clock.advance(59_999);
    await it.clock.settle();
    expect(it.ended).toEqual([]);
    it.clock.advance(1);
    await it.clock.settle();
    expect(it.ended).toEqual(['token-expired']);
  });

  test('of two answers the one that was asked for later counts', async () => {
    const it = build();
    await it.clock.settle();
    let late: (standing: Standing) => void = () => undefined;
    it.answer(() => new Promise((resolve) => (late = resolve)));
    await it.change();
    it.answer(has('viewer'));
    await it.change();
    late({ rights: createRights({ role: 'editor' }), until: Infinity });
    await it.clock.settle();
    expect(it.session.scope).toBe('none');
  });

  test('a grant that runs out is looked at again when it does', async () => {
    const it = build();
    it.answer(has('editor', it.clock.now() + 5_000));
    await it.change();
    it.answer(has('viewer'));
    it.clock.advance(4_999);
    await it.clock.settle();
    expect(it.session.scope).toBe('all');
    it.clock.advance(1);
    await it.clock.settle();
    expect(it.session.scope).toBe('none');
  });

  test('a session that has ended leaves no watcher and no timer', async () => {
    const fixture = createSessionFixture();
    const it = build(fixture.clock.now() + 60_000);
    await it.clock.settle();
    it.standing.renew(createIdentity({ expiresAt: it.clock.now() + 120_000 }));
    await it.clock.settle();
    expect(it.watchers.size).toBe(1);
    it.clock.advance(61_000);
    await it.clock.settle();
    expect(it.ended).toEqual([]);
    it.standing.stop();
    expect([it.watchers.size, it.clock.pendingTimers]).toEqual([0, 0]);
  });
});

test('[AUTH91] a downgrade takes the cursor away from the others, an upgrade lets it show again', async () => {
  const { session, clock, change, answer } = build();
  const announce = (at: number) =>
    session.room.awareness.receive(session, encodePresenceUpdate([{ client: 5, clock: at, state: '{}' }]));
  await clock.settle();
  expect(announce(1)).toEqual([5]);
  answer(has('viewer'));
  await change();
  expect(session.presence).toEqual({ sees: true, shows: false });
  expect(session.room.awareness.encodeAll()).toBeNull();
  answer(has('commenter'));
  await change();
  expect(session.presence.shows).toBe(true);
  expect(announce(2)).toEqual([5]);
});
