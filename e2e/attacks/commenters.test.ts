import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { buildUpdate, text } from '../../server/test/support/update-builder.ts';
import { authFrame, step1Frame, step2Frame, updateFrame } from '../support/frames.ts';
import { type RawClient, connectRaw, joinRaw } from '../support/raw-client.ts';
import { readCommitted } from '../support/rest-client.ts';
import { type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { mintToken } from '../support/tokens.ts';
import { provoke } from './support/reply.ts';

type Change = (doc: Y.Doc) => void;

/** What an editor may do and a commenter may not, each to a document that holds all of it. */
const CONTENT: readonly (readonly [name: string, change: Change])[] = [
  ['inserts text', (doc) => doc.getText('text').insert(2, 'x')],
  ['deletes text', (doc) => doc.getText('text').delete(0, 2)],
  ['formats text', (doc) => doc.getText('text').format(0, 4, { italic: true })],
  ['takes a format away', (doc) => doc.getText('text').format(0, 3, { bold: null })],
  ['moves a block', moveBlock],
  ['inserts a block', (doc) => doc.getXmlFragment('default').insert(0, [new Y.XmlElement('paragraph')])],
  ['changes an attribute', (doc) => firstBlock(doc).setAttribute('align', 'right')],
  ['writes into a nested type', (doc) => (firstBlock(doc).get(0) as Y.XmlText).insert(0, 'x')],
  ['nests a type of its own', (doc) => doc.getMap('map').set('mine', new Y.Map([['text', new Y.Text('x')]]))],
  ['overwrites a key', (doc) => doc.getMap('map').set('key', 'x')],
  ['deletes a key', (doc) => doc.getMap('map').delete('key')],
  ['makes a root of its own', (doc) => doc.getText('comment').insert(0, 'x')],
  ['undoes what it could not do', undoDeletion],
  [
    'writes content and a comment at once',
    (doc) =>
      doc.transact(() => {
        doc.getMap('comments').set('cover', 'x');
        doc.getText('text').insert(0, 'x');
      }),
  ],
  ['deletes a block in which a comment is anchored', (doc) => doc.getXmlFragment('default').delete(0, 1)],
];

const COMMENTS: readonly (readonly [name: string, change: Change])[] = [
  ['opens a thread', (doc) => doc.getMap('comments').set('second', new Y.Map([['text', new Y.Text('why?')]]))],
  ['answers in a thread', (doc) => firstThread(doc).insert(0, 'I see. ')],
  ['formats an answer', (doc) => firstThread(doc).format(0, 3, { bold: true })],
  ['takes back an answer', (doc) => firstThread(doc).delete(0, 2)],
  ['undoes an answer', undoComment],
  ['deletes a thread', (doc) => doc.getMap('comments').delete('first')],
];

const AUTHOR_ID = 1_001;
const COMMENTER_ID = 2_002;

describe('a commenter', () => {
  let site: ServerSite;
  let owner: string;
  let commenter: string;
  let count = 0;

  beforeAll(async () => {
    site = await createServerSite();
    await site.start();
    owner = await mintToken({ sub: 'owner' });
    commenter = await mintToken({ sub: 'commenter', role: 'commenter' });
  });
  afterAll(() => site.dispose());

  /** A document as its author left it, and a commenter in it who has read it. */
  async function openDocument(): Promise<{ name: string; client: RawClient; doc: Y.Doc }> {
    count += 1;
    const name = `commented-${count}`;
    const author = await connectRaw(site.collabUrl);
    await joinRaw(author, name, owner);
    await provoke(author, [updateFrame(name, Y.encodeStateAsUpdate(writeDocument()))], {
      awaited: 'answer',
      withinMs: 10_000,
    });
    await author.close();
    const client = await connectRaw(site.collabUrl);
    client.send(authFrame(name, commenter), step1Frame(name), step2Frame(name));
    await client.waitForFrame((frame) => frame.kind === 'sync-status', 'the commenter is in');
    const doc = new Y.Doc();
    for (const frame of client.frames) if (frame.kind === 'step2') Y.applyUpdate(doc, frame.update);
    doc.clientID = COMMENTER_ID;
    return { name, client, doc };
  }

  async function readStored(name: string): Promise<Y.Doc> {
    return readCommitted(site.url, name, owner);
  }

  it.for(CONTENT)('[ATT58] who %s is refused, and the document stays as it was', async ([, change]) => {
    const { name, client, doc } = await openDocument();
    const before = describeContent(await readStored(name));
    const reply = await provoke(client, [updateFrame(name, updateOf(doc, change))], {
      awaited: 'answer',
      withinMs: 10_000,
    });
    expect(reply).toMatchObject({ acknowledged: 0, refused: 1, end: null });
    // Nor does it get in with what the client has, as after a reconnect.
    const again = await connectRaw(site.collabUrl);
    again.send(authFrame(name, commenter), step1Frame(name), step2Frame(name, Y.encodeStateAsUpdate(doc)));
    await again.waitForFrame((frame) => frame.kind === 'sync-status', 'an answer to the SyncStep2');
    expect(describeContent(await readStored(name))).toBe(before);
    again.socket.terminate();
    client.socket.terminate();
  });

  it('[ATT58] who writes by bytes that only look like a comment is refused', async () => {
    const { name, client, doc } = await openDocument();
    const before = describeContent(await readStored(name));
    const [start] = [doc.getText('text')._start?.id];
    if (start === undefined) throw new Error('there is no text');
    // It claims the comments as its parent, and stands behind a character of the text.
    const forged = buildUpdate([
      { client: COMMENTER_ID, structs: [text('x', { origin: [start.client, start.clock], parent: 'comments' })] },
    ]);
    const reply = await provoke(client, [updateFrame(name, forged)], { awaited: 'answer', withinMs: 10_000 });
    expect(reply).toMatchObject({ acknowledged: 0, refused: 1 });
    expect(describeContent(await readStored(name))).toBe(before);
    client.socket.terminate();
  });

  it.for(COMMENTS)('[ATT58] who %s is acknowledged, and it is stored', async ([, change]) => {
    const { name, client, doc } = await openDocument();
    const before = describeContent(await readStored(name));
    const reply = await provoke(client, [updateFrame(name, updateOf(doc, change))], {
      awaited: 'answer',
      withinMs: 10_000,
    });
    expect(reply).toMatchObject({ acknowledged: 1, refused: 0 });
    const stored = await readStored(name);
    expect(describeContent(stored)).toBe(before);
    expect(stored.getMap('comments').toJSON()).toEqual(doc.getMap('comments').toJSON());
    client.socket.terminate();
  });
});

/** Text with a format, blocks, a map and a thread. */
function writeDocument(): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = AUTHOR_ID;
  doc.getText('text').insert(0, 'content of the author');
  doc.getText('text').format(0, 3, { bold: true });
  const blocks = ['one', 'two'].map((words) => {
    const block = new Y.XmlElement('paragraph');
    block.insert(0, [new Y.XmlText(words)]);
    return block;
  });
  doc.getXmlFragment('default').insert(0, blocks);
  doc.getMap('map').set('key', 'value');
  doc.getMap('comments').set('first', new Y.Map([['text', new Y.Text('a comment')]]));
  return doc;
}

/** What a change makes a client send. */
function updateOf(doc: Y.Doc, change: Change): Uint8Array {
  const updates: Uint8Array[] = [];
  const keep = (update: Uint8Array): void => void updates.push(update);
  doc.on('update', keep);
  change(doc);
  doc.off('update', keep);
  return Y.mergeUpdates(updates);
}

/** Everything but the comments. */
function describeContent(doc: Y.Doc): string {
  return JSON.stringify({
    text: doc.getText('text').toDelta() as unknown,
    blocks: String(doc.getXmlFragment('default').toJSON()),
    map: doc.getMap('map').toJSON(),
    roots: [...doc.share.keys()].filter((root) => root !== 'comments').sort(),
  });
}

function firstBlock(doc: Y.Doc): Y.XmlElement {
  return doc.getXmlFragment('default').get(0) as Y.XmlElement;
}

function firstThread(doc: Y.Doc): Y.Text {
  const thread = doc.getMap('comments').get('first') as Y.Map<Y.Text>;
  const words = thread.get('text');
  if (words === undefined) throw new Error('the thread has no text');
  return words;
}

/** Yjs knows no move: the block is taken out and put in behind. */
function moveBlock(doc: Y.Doc): void {
  const blocks = doc.getXmlFragment('default');
  doc.transact(() => {
    const moved = firstBlock(doc).clone();
    blocks.delete(0, 1);
    blocks.insert(blocks.length, [moved]);
  });
}

function undoDeletion(doc: Y.Doc): void {
  const history = new Y.UndoManager(doc.getText('text'));
  doc.getText('text').delete(0, 5);
  history.undo();
}

function undoComment(doc: Y.Doc): void {
  const history = new Y.UndoManager(firstThread(doc), { captureTimeout: 0 });
  firstThread(doc).insert(0, 'hasty ');
  firstThread(doc).insert(0, 'words ');
  history.undo();
}
