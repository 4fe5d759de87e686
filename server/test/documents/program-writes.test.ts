import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { replaceContent } from '../../src/content/edit/replace-content.ts';
import { renderText } from '../../src/content/render-text.ts';
import { parseMarkdown } from '../../src/content/markdown/parse-markdown.ts';
import { decodeLogRow } from '../../src/core/log-row.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { Composed, DocumentEdit, EditBase } from '../../src/ports/document-writer.ts';
import type { UpdateLog } from '../../src/ports/update-log.ts';
import { receiveUpdate } from '../../src/rooms/receive-update.ts';
import { createTestSession } from '../support/room-fixture.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';

let directory: TemporaryDirectory;
let node: DocumentNode;
let record: DocumentRecord;
let isTenantFull = false;
/** Called before each append; may throw in its place. */
let onAppend: (log: UpdateLog, batch: Parameters<UpdateLog['append']>[0]) => ReturnType<UpdateLog['append']>;

beforeEach(async () => {
  isTenantFull = false;
  onAppend = (log, batch) => log.append(batch);
  directory = createTemporaryDirectory('program-writes');
  node = await openDocumentNode(directory.path, {
    log: (log) => ({ ...log, append: (batch) => onAppend(log, batch) }),
    documentBytes: 2_000,
    isTenantFull: () => isTenantFull,
  });
  record = await node.create('a');
});

afterEach(async () => {
  await node.close();
  directory.remove();
});

const textTarget = (text: string) => ({ kind: 'rich', doc: parseMarkdown(text) }) as const;

function edit(text: string, more: Partial<DocumentEdit<null>> = {}): DocumentEdit<null> {
  const compose = ({ state, clientId }: EditBase): Promise<Composed<null>> =>
    Promise.resolve({ update: replaceContent({ base: state, target: textTarget(text), clientId }), result: null });
  return { user: 'ada', precondition: { kind: 'none' }, compose, ...more };
}

/** As a route does it: what the name leads to is asked first. */
async function write(text: string, more: Partial<DocumentEdit<null>> = {}) {
  const resolution = await node.catalog.resolve(record.tenant, record.name);
  if (resolution.kind !== 'found') throw new Error('the document is not there');
  return node.documentWriter.write(resolution, edit(text, more));
}
const textOf = async (): Promise<string> => renderText((await node.documents.read(record)).state);
const rowsOf = async () => (await node.log.readRows(record.id, 0, 1_000)).map(({ payload }) => decodeLogRow(payload));

describe('an edit of a program', () => {
  it('[REST90] is in the log under its author, and in the room for everybody, only once it is committed', async () => {
    const room = await node.rooms.open(record.id, new Map());
    const writer = createTestSession('bob');
    room.attach(writer);
    const gate = Promise.withResolvers<void>();
    onAppend = async (log, batch) => {
      await gate.promise;
      return log.append(batch);
    };
    const written = write('hello');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(renderText(room.state.encode())).toBe('');
    gate.resolve();
    expect(await written).toMatchObject({ seq: 1, changed: true });
    expect(renderText(room.state.encode())).toBe('hello');
    expect(room.position).toEqual({ epoch: 1, seq: 1 });
    expect((await rowsOf()).map((segments) => segments.map(({ actor }) => actor))).toEqual([['ada']]);
    expect(writer.received.length).toBeGreaterThan(0);
  });

  it('[ROOM109] adds nothing to a document that is full, and still deletes', async () => {
    await write('a '.repeat(400));
    await expect(write('b '.repeat(900))).rejects.toMatchObject({ code: 'document-full' });
    expect(await textOf()).toBe('a '.repeat(400).trim());
    expect(await write('')).toMatchObject({ changed: true });
  });

  it('[AUTH93] adds nothing where the tenant is full, and still deletes', async () => {
    await write('first\n\nsecond');
    isTenantFull = true;
    await expect(write('first\n\nsecond\n\nthird')).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(await write('first')).toMatchObject({ changed: true });
    expect(await textOf()).toBe('first');
  });

  it('[REST84] one user writes under one clientID, however often', async () => {
    for (const text of ['a', 'ab', 'b\n\nc']) await write(text);
    await write('b\n\nc\n\nd', { user: 'bob' });
    const document = new Y.Doc();
    Y.applyUpdate(document, (await node.documents.read(record)).state);
    expect(document.store.clients.size).toBe(2);
    expect(new Set((await node.log.readBindings(record.id)).map(({ user }) => user))).toEqual(new Set(['ada', 'bob']));
  });

  it('[REST88] typing goes on while it is made, and both are there', async () => {
    await write('one two');
    const room = await node.rooms.open(record.id, new Map());
    const session = createTestSession('bob');
    room.attach(session);
    const typed = new Y.Doc();
    Y.applyUpdate(typed, room.state.encode());
    const compose = async (base: EditBase): Promise<Composed<null>> => {
      const before = Y.encodeStateVector(typed);
      const paragraph = typed.getXmlFragment('default').get(0) as Y.XmlElement;
      (paragraph.get(0) as Y.XmlText).insert(0, 'typed ');
      receiveUpdate(room, session, { bytes: Y.encodeStateAsUpdate(typed, before), via: 'update' });
      return edit('one three').compose(base);
    };
    await write('', { compose });
    expect(await textOf()).toBe('typed one three');
  });

  it('[REST99] is stored once, though the attempt before it ended behind the append', async () => {
    let intended: Composed<null> | null = null;
    onAppend = async (log, batch) => {
      await log.append(batch);
      throw new ScriptoriumError('internal', 'the process ends here');
    };
    const beforeAppend = (composed: Composed<null>): Promise<void> => {
      intended = composed;
      return Promise.resolve();
    };
    await expect(write('once', { beforeAppend })).rejects.toMatchObject({ code: 'storage-unavailable' });
    onAppend = (log, batch) => log.append(batch);
    expect(await write('once', { earlier: intended })).toMatchObject({ changed: true });
    expect(await textOf()).toBe('once');
    expect(await rowsOf()).toHaveLength(1);
  });

  it('[REST99] that was not stored is stored as it was, not made anew', async () => {
    let intended: Composed<null> | null = null;
    const beforeAppend = (composed: Composed<null>): Promise<void> => {
      intended = composed;
      return Promise.reject(new ScriptoriumError('storage-unavailable'));
    };
    await expect(write('first', { beforeAppend })).rejects.toMatchObject({ code: 'storage-unavailable' });
    let composed = false;
    const compose = (): Promise<Composed<null>> => {
      composed = true;
      return Promise.reject(new Error('must not be asked'));
    };
    await write('', { compose, earlier: intended });
    expect([composed, await textOf()]).toEqual([false, 'first']);
  });

  it('[REST103] waits for a deletion that is under way, and is refused', async () => {
    await write('a');
    const deleting = Promise.withResolvers<void>();
    const deleted = node.documents.retire(record, 'deleted', async (last) => {
      await deleting.promise;
      const removal = await node.catalog.remove(record.tenant, record.name, last, {
        user: 'ada',
        at: node.clock.now(),
      });
      return removal === 'moved' ? { kind: 'moved' } : { kind: 'done', result: removal };
    });
    const late = node.documentWriter.write({ record, tombstone: null }, edit('b'));
    deleting.resolve();
    expect(await deleted).toBe('removed');
    const outcome = await late.catch((error: unknown) => (error instanceof ScriptoriumError ? error.code : error));
    expect(['document-deleted', 'room-discarded']).toContain(outcome);
    expect(await rowsOf()).toHaveLength(1);
  });
});
