import { choosePersonColour } from '@scriptorium/shared/person-colour';
import { afterEach, describe, expect, it } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import { Doc } from 'yjs';
import { describeChange, listPeople, readUser, resolveColour, type PresentUser } from './people.ts';

const ada: PresentUser = { id: 'ada', name: 'Ada', color: choosePersonColour('ada') };
const open: Awareness[] = [];

function createRoom(client: number, others: Readonly<Record<number, unknown>>): Awareness {
  const document = new Doc();
  document.clientID = client;
  const awareness = new Awareness(document);
  open.push(awareness);
  for (const [id, user] of Object.entries(others)) awareness.states.set(Number(id), { user });
  return awareness;
}

describe('people', () => {
  afterEach(() => {
    for (const awareness of open.splice(0)) awareness.destroy();
  });

  it('[APP9] a person with several tabs is one person, oneself is first', () => {
    const lin = { id: 'lin', name: 'Lin', color: '#346ecd' };
    const people = listPeople(createRoom(5, { 7: lin, 8: lin, 9: { ...ada }, 10: { id: 'bo', name: 'Bo' } }), ada);
    expect(people.map(({ name, self, carets }) => [name, self, carets])).toEqual([
      ['Ada', true, ['9']],
      ['Bo', false, ['10']],
      ['Lin', false, ['7', '8']],
    ]);
  });

  it.for([[null], [{ user: null }], [{ user: { name: 7, color: 'url(x)' } }], [{ user: { name: '   ' } }], ['text']])(
    '[APP9] a client that says %o is somebody with a colour of ours',
    ([state]) => {
      const user = readUser(state, 3);
      expect(user).toEqual({ id: 'client 3', name: 'Somebody', color: choosePersonColour('client 3') });
    },
  );

  it('[APP2] of two people with one colour exactly one gives way, and two tabs of one person none', () => {
    const twin = { id: 'twin', name: 'Twin', color: ada.color };
    expect(resolveColour(createRoom(5, { 9: twin }), ada)).toBeNull();
    const chosen = resolveColour(createRoom(9, { 5: twin }), ada);
    expect(chosen).not.toBeNull();
    expect(chosen).not.toBe(ada.color);
    expect(resolveColour(createRoom(9, { 5: ada }), ada)).toBeNull();
  });

  it('[APP10] joins and leaves are said by name', () => {
    const alone = listPeople(createRoom(1, {}), ada);
    const two = listPeople(createRoom(1, { 2: { id: 'lin', name: 'Lin' }, 3: { id: 'bo', name: 'Bo' } }), ada);
    expect(describeChange(alone, two)).toBe('Bo and Lin joined.');
    expect(describeChange(two, alone)).toBe('Bo and Lin left.');
    expect(describeChange(two, two)).toBeNull();
  });
});
