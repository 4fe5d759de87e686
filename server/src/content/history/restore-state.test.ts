import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { createRandom, type Random } from '../../../test/support/random.ts';
import { keyOf } from '../content-node.ts';
import { restoreState } from './restore-state.ts';

// Many random documents, on machines that may be busy with other things.
vi.setConfig({ testTimeout: 120_000 });

/** Everything that a document holds, formats and attributes included. */
function look(state: Uint8Array): unknown {
  const document = new Y.Doc();
  Y.applyUpdate(document, state);
  return {
    fragment: describe(document.getXmlFragment('default')),
    text: joinDelta(document.getText('text').toDelta() as Delta),
    map: describe(document.getMap('map')),
    list: document.getArray('list').toArray().map(describe),
  };
}

function describe(value: unknown): unknown {
  if (value instanceof Y.XmlText || value instanceof Y.Text)
    return { delta: joinDelta(value.toDelta() as Delta), attributes: value.getAttributes() };
  if (value instanceof Y.XmlElement)
    return { name: value.nodeName, attributes: value.getAttributes(), content: value.toArray().map(describe) };
  if (value instanceof Y.XmlFragment) return value.toArray().map(describe);
  if (value instanceof Y.Map)
    return Object.fromEntries(
      [...value.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([key, it]) => [key, describe(it)]),
    );
  if (value instanceof Y.Array) return value.toArray().map(describe);
  return value;
}

type Delta = readonly { readonly insert: unknown; readonly attributes?: object }[];

/** Formats may divide a text in more than one way. */
const joinDelta = (delta: Delta) =>
  delta.flatMap(({ insert, attributes = {} }) =>
    (typeof insert === 'string' ? Array.from(insert) : [insert]).map((unit) => [unit, keyOf(attributes)]),
  );

function editSomething(document: Y.Doc, random: Random): void {
  const fragment = document.getXmlFragment('default');
  const text = document.getText('text');
  const map = document.getMap('map');
  const list = document.getArray('list');
  const word = () => random.below(1_000_000).toString(36);
  const place = (length: number) => random.below(length + 1);
  const block = (): Y.XmlElement => {
    const element = new Y.XmlElement(`node${random.below(3)}`);
    element.setAttribute('level', random.below(3) as unknown as string);
    element.insert(0, [new Y.XmlText(word())]);
    return element;
  };
  const actions = [
    () => fragment.insert(place(fragment.length), [block()]),
    () => fragment.length > 0 && fragment.delete(random.below(fragment.length), 1),
    () => (fragment.get(0) as Y.XmlElement | undefined)?.insert(1, [block()]),
    () => (fragment.get(0) as Y.XmlElement | undefined)?.setAttribute(`a${random.below(3)}`, word()),
    () => (fragment.get(0) as Y.XmlElement | undefined)?.removeAttribute(`a${random.below(3)}`),
    () => {
      const inner = (fragment.get(place(fragment.length - 1)) as Y.XmlElement | undefined)?.get(0);
      if (inner instanceof Y.XmlText)
        inner.insert(place(inner.length), word(), random.below(2) === 0 ? { bold: true } : {});
    },
    () => {
      const inner = (fragment.get(place(fragment.length - 1)) as Y.XmlElement | undefined)?.get(0);
      if (inner instanceof Y.XmlText && inner.length > 2)
        inner.format(1, inner.length - 2, { bold: random.below(2) === 0 ? null : true });
    },
    () => text.insert(place(text.length), word()),
    () => text.length > 3 && text.delete(random.below(text.length - 2), 2),
    () =>
      text.length > 3 &&
      text.format(random.below(text.length - 2), 2, { [`f${random.below(2)}`]: random.below(3) || null }),
    () => text.insertEmbed(place(text.length), { image: word() }),
    () => map.set(`k${random.below(4)}`, random.below(2) === 0 ? word() : new Y.Map([['inner', word()]])),
    () => map.delete(`k${random.below(4)}`),
    () => {
      const inner = map.get(`k${random.below(4)}`);
      if (inner instanceof Y.Map) inner.set(`i${random.below(2)}`, word());
    },
    () => list.insert(place(list.length), [word(), random.below(9), new Y.Array()]),
    () => list.length > 0 && list.delete(random.below(list.length), 1),
  ];
  actions[random.below(actions.length)]?.();
}

/** Both have what either has. */
function meet([one, other]: readonly [Y.Doc, Y.Doc]): void {
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one, Y.encodeStateVector(other)));
  Y.applyUpdate(one, Y.encodeStateAsUpdate(other, Y.encodeStateVector(one)));
}

test('[VERS20] a restore makes of any document exactly what it was, and a second one changes nothing', () => {
  for (let round = 0; round < 150; round += 1) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = createRandom(seed);
    const people = [new Y.Doc(), new Y.Doc()] as const;
    const states: Uint8Array[] = [];
    for (let step = 0; step < 40; step += 1) {
      const person = people[random.below(2)] ?? people[0];
      editSomething(person, random);
      if (random.below(3) === 0) meet(people);
      states.push(Y.encodeStateAsUpdate(people[0]));
    }
    const target = states[random.below(states.length)] ?? new Uint8Array([0, 0]);
    const base = states.at(-1) ?? target;
    const update = restoreState({ base, target, clientId: 99 });
    const restored = update === null ? base : Y.mergeUpdates([base, update]);
    expect(look(restored), `seed ${seed}`).toEqual(look(target));
    expect(restoreState({ base: restored, target, clientId: 100 }), `seed ${seed}`).toBeNull();
  }
});

test('[VERS21] a restore leaves the items of what is still there, and what others write meanwhile', () => {
  const document = new Y.Doc();
  const text = document.getText('text');
  text.insert(0, 'one two three');
  const target = Y.encodeStateAsUpdate(document);
  text.delete(4, 4);
  text.insert(text.length, ' four');
  const base = Y.encodeStateAsUpdate(document);
  const update = restoreState({ base, target, clientId: 99 }) ?? new Uint8Array([0, 0]);
  expect(update.length).toBeLessThan(60);
  text.insert(0, 'zero ');
  Y.applyUpdate(document, update);
  expect(text.toJSON()).toBe('zero one two three');
});
