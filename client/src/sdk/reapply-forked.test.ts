import { describe, expect, it } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, XmlElement, XmlText } from 'yjs';
import { moveForkedText } from './reapply-forked.ts';

const MINE = 7;
const FRESH = 4_000_000;

function createDoc(client: number, from?: Doc): Doc {
  const document = new Doc();
  if (from !== undefined) applyUpdate(document, encodeStateAsUpdate(from));
  document.clientID = client;
  return document;
}

function sync(from: Doc, to: Doc): void {
  applyUpdate(to, encodeStateAsUpdate(from, encodeStateVector(to)));
}

interface Pair {
  readonly here: Doc;
  readonly server: Doc;
}

/** The server's document after it took the moved text, as a third person would see it. */
function recover({ here, server }: Pair, confirmed = 0, written = Infinity): Doc {
  const moved = moveForkedText({ here, server, client: MINE, confirmed, written, fresh: FRESH });
  const third = createDoc(99, server);
  applyUpdate(third, moved);
  expect(third.store.pendingStructs).toBeNull();
  expect(third.store.pendingDs).toBeNull();
  // Taken twice it is the same.
  applyUpdate(third, moved);
  return third;
}

/** A shared text "base" by somebody else, a copy of it here under our clientID, and one on the server. */
function createPair(): Pair {
  const origin = createDoc(1);
  origin.getText('t').insert(0, 'base');
  return { here: createDoc(MINE, origin), server: createDoc(2, origin) };
}

describe('text of a forked clientID', () => {
  it('[SDK16] another copy wrote under the same id: both texts are there once', () => {
    const { here, server } = createPair();
    const other = createDoc(MINE, server);
    other.getText('t').insert(4, '+theirs');
    sync(other, server);
    here.getText('t').insert(4, ' ours');
    const result = recover({ here, server }).getText('t').toString();
    expect([' ours', '+theirs'].every((text) => result.split(text).length === 2)).toBe(true);
    expect(result).toHaveLength('base ours+theirs'.length);
  });

  it('[SDK16] what both copies had before they parted is not repeated', () => {
    const { here, server } = createPair();
    here.getText('t').insert(4, ' shared');
    sync(here, server);
    const other = createDoc(MINE, here);
    other.getText('t').insert(0, 'theirs ');
    sync(other, server);
    here.getText('t').insert(11, ' ours');
    // Nothing was confirmed yet, so the common part is found by comparing.
    expect(recover({ here, server }).getText('t').toString()).toBe('theirs base shared ours');
  });

  it('[SDK16] equal letters behind the parting are no common part', () => {
    const { here, server } = createPair();
    const other = createDoc(MINE, server);
    other.getText('t').insert(4, 'XBC');
    sync(other, server);
    here.getText('t').insert(4, 'ABC');
    const result = recover({ here, server }).getText('t').toString();
    expect(result).toContain('ABC');
    expect(result).toContain('XBC');
  });

  it('[SDK17] a clock range that somebody occupied with nothing costs no text', () => {
    const { here, server } = createPair();
    // A collected struct of length 1000 under our id, from clock 0 on.
    applyUpdate(server, new Uint8Array([1, 1, MINE, 0, 0, 0xe8, 0x07, 0]));
    here.getText('t').insert(4, ' WORLD');
    expect(recover({ here, server }).getText('t').toString()).toBe('base WORLD');
  });

  it('[SDK17] text that a colleague deleted meanwhile does not come back', () => {
    const { here, server } = createPair();
    here.getText('t').insert(4, ' gone stays');
    sync(here, server);
    server.getText('t').delete(4, 5);
    const other = createDoc(MINE, here);
    other.getText('t').insert(0, 'theirs ');
    sync(other, server);
    here.getText('t').insert(15, ' ours');
    expect(recover({ here, server }).getText('t').toString()).toBe('theirs base stays ours');
  });

  it('[SDK18] places, formats, nested blocks, maps and own deletions survive', () => {
    const { here, server } = createPair();
    const confirmedText = 'confirmed ';
    here.getText('t').insert(0, confirmedText);
    sync(here, server);
    const other = createDoc(MINE, here);
    other.getText('t').insert(0, 'theirs ');
    sync(other, server);

    here.getText('t').insert(10, 'bold', { bold: true });
    here.getText('t').delete(0, 4);
    here.getText('t').insert(10, '-never-');
    here.getText('t').delete(10, 7);
    const block = new XmlElement('paragraph');
    block.setAttribute('dir', 'rtl');
    here.getXmlFragment('default').insert(0, [block]);
    block.insert(0, [new XmlText('in a block')]);
    here.getMap('settings').set('colour', 'red');

    const result = recover({ here, server }, confirmedText.length);
    expect(result.getText('t').toDelta()).toEqual([
      { insert: 'theirs irmed ' },
      { insert: 'bold', attributes: { bold: true } },
      { insert: 'base' },
    ]);
    expect(result.getXmlFragment('default').toString()).toBe('<paragraph dir="rtl">in a block</paragraph>');
    expect(result.getMap('settings').toJSON()).toEqual({ colour: 'red' });
  });

  it.for([0, 4])('[SDK17] what came from the server under the same id is not taken for ours (place %s)', (place) => {
    const { here, server } = createPair();
    const other = createDoc(MINE, server);
    other.getText('t').insert(4, '+theirs');
    sync(other, server);
    here.getText('t').insert(place, 'our');
    // Clocks 0 to 2 are known here, so only "eirs" comes, right behind our text.
    sync(server, here);
    expect(here.getText('t').toString()).toContain('eirs');
    const result = recover({ here, server }, 0, 3).getText('t').toString();
    expect(result).toHaveLength('base+theirsour'.length);
    expect(result).toContain('our');
    expect(result).toContain('+theirs');
  });

  it('[SDK18] what an earlier visit left unsent comes along', () => {
    const { here, server } = createPair();
    const earlier = createDoc(5, here);
    earlier.getText('t').insert(4, ' earlier');
    sync(earlier, here);
    const other = createDoc(MINE, server);
    other.getText('t').insert(0, 'theirs ');
    sync(other, server);
    here.getText('t').insert(12, ' now');
    expect(recover({ here, server }).getText('t').toString()).toBe('theirs base earlier now');
  });

  it('[SDK18] the new text is under the new id alone', () => {
    const { here, server } = createPair();
    const other = createDoc(MINE, server);
    other.getText('t').insert(0, 'theirs ');
    sync(other, server);
    here.getText('t').insert(4, ' ours');
    const result = recover({ here, server });
    expect(result.store.clients.get(MINE)?.reduce((sum, struct) => sum + struct.length, 0)).toBe('theirs '.length);
    expect(result.store.clients.get(FRESH)?.reduce((sum, struct) => sum + struct.length, 0)).toBe(' ours'.length);
  });
});
