import { describe, expect, it } from 'vitest';
import { type ChannelPlace, Subscriptions } from './subscriptions.ts';

const ROWS: ChannelPlace = { channel: 'x', partition: 3, kinds: ['row'] };

function createSubscriptions() {
  const log: string[] = [];
  const subscriptions = new Subscriptions({
    onChange: () => log.push('change'),
    onListenerError: (channel, error) => log.push(`${channel}: ${String(error)}`),
  });
  const listen = (name: string, place = ROWS) =>
    subscriptions.add(place, {
      handler: (frame) => log.push(`${name} ${frame.kind}`),
      onActive: () => log.push(`${name} active`),
    });
  /** Tells the server what changed, as the fan-out does. */
  const tell = (): void => {
    for (const { partition, subscribe } of subscriptions.takeChanges()) subscriptions.noteAsked(partition, subscribe);
  };
  return { log, subscriptions, listen, tell };
}

describe('[ROOM36] what the server has confirmed', () => {
  it('a listener is told once, those who come later at once', () => {
    const { log, subscriptions, listen, tell } = createSubscriptions();
    listen('one');
    tell();
    listen('two');
    subscriptions.confirm(['x']);
    subscriptions.confirm(['x']);
    listen('three');
    expect(log).toEqual(['change', 'one active', 'two active', 'three active']);
  });

  it('a confirmation counts for who listens now only when it is that of the last question', () => {
    const { log, subscriptions, listen, tell } = createSubscriptions();
    const leave = listen('gone');
    tell();
    leave();
    tell();
    listen('back');
    subscriptions.confirm(['x']);
    expect(log).not.toContain('back active');
    tell();
    subscriptions.confirm(['x']);
    expect(log).toContain('back active');
    expect(log).not.toContain('gone active');
  });

  it('who comes and goes and comes while an answer is under way waits for the second one', () => {
    const { log, subscriptions, listen, tell } = createSubscriptions();
    const leave = listen('gone');
    tell();
    leave();
    tell();
    listen('back');
    tell();
    subscriptions.confirm(['x']);
    expect(log).not.toContain('back active');
    subscriptions.confirm(['x']);
    expect(log).toContain('back active');
  });

  it('what a lost server was asked for is void, and who comes meanwhile is told when it is asked again', () => {
    const { log, subscriptions, listen, tell } = createSubscriptions();
    listen('one');
    tell();
    subscriptions.confirm(['x']);
    subscriptions.suspend([1, 3]);
    listen('two');
    expect(log).not.toContain('two active');
    expect(subscriptions.askForAll([3], true)).toEqual([['x']]);
    subscriptions.confirm(['x']);
    expect(log.filter((entry) => entry.endsWith('active'))).toEqual(['one active', 'two active']);
  });

  it('a channel that was left before the server was told of it is not asked for', () => {
    const { subscriptions, listen } = createSubscriptions();
    listen('one')();
    expect(subscriptions.takeChanges()).toEqual([{ partition: 3, subscribe: [], unsubscribe: ['x'] }]);
    expect(subscriptions.askForAll([3], true)).toEqual([]);
  });

  it('a server is asked for all channels in few commands, none of which has two partitions where that matters', () => {
    const { subscriptions, listen } = createSubscriptions();
    for (let id = 0; id < 1_200; id += 1) listen('', { channel: `c${id}`, partition: id % 2, kinds: ['row'] });
    expect(subscriptions.askForAll([0, 1], true).map(({ length }) => length)).toEqual([500, 100, 500, 100]);
    expect(subscriptions.askForAll([0, 1], false).map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(subscriptions.askForAll([1], false).flat()).toHaveLength(600);
  });
});

describe('[ROOM38] what belongs on a channel', () => {
  it('a frame of another kind is refused, one for nobody is let go', () => {
    const { log, subscriptions, listen } = createSubscriptions();
    const leave = listen('one');
    expect(subscriptions.deliver('x', { kind: 'alive', node: 'a', sentAt: 1 })).toBe(false);
    expect(subscriptions.deliver('x', { kind: 'row', node: 'a', sentAt: 1, epoch: 1, seq: 1, payload: null })).toBe(
      true,
    );
    leave();
    expect(subscriptions.deliver('x', { kind: 'alive', node: 'a', sentAt: 1 })).toBe(true);
    expect(log.filter((entry) => entry.startsWith('one'))).toEqual(['one row']);
  });
});
