import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { sql } from 'kysely';
import * as Y from 'yjs';
import { createInProcessFanOut } from '../../src/adapters/in-process/fan-out.ts';
import { openS3 } from '../../src/adapters/s3/open-s3.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { encodeLogRow } from '../../src/core/log-row.ts';
import type { AuthorshipStore } from '../../src/ports/authorship-store.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import type { AppendEntry } from '../../src/ports/update-log.ts';
import type { ForgetDeps } from '../../src/workers/forget-in-document.ts';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { openPostgresStore } from '../contracts/postgres-store.ts';
import type { SqlStoreUnderTest } from '../contracts/sql-damage.ts';
import { newBucket } from '../services/s3-bucket.ts';
import { newDatabase } from '../services/shared-services.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { type DocumentNode, type NodeOptions, openDocumentNode } from './document-node.ts';

/** Ids that nothing else in a store holds. */
export const ADA = 'user-ada-4f1d77';
export const BOB = 'user-bob-90aa13';
export const PSEUDONYM = 'erased-1';
export const ORDER = { subject: ADA, pseudonym: PSEUDONYM, signal: new AbortController().signal } as const;

/** Documents on real stores, in which persons can be forgotten, and a look at every byte of those stores. */
export interface PersonWorld {
  readonly node: DocumentNode;
  readonly deps: ForgetDeps;
  /** Where in the stores a text is found, segments unpacked; in what one document holds, where that is said. */
  find(text: string, documentId?: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface AuthoredStore extends SqlStoreUnderTest {
  readonly authorship: AuthorshipStore;
}

/** SQLite and files. */
export async function openEmbeddedWorld(options: NodeOptions = {}): Promise<PersonWorld> {
  const directory = createTemporaryDirectory('person');
  const root = join(directory.path, 'snapshots');
  const readObjects = async (part: string) => {
    const names = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true });
    const files = names.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
    return new Map(files.filter((file) => file.includes(part)).map((file) => [file, readFileSync(file)]));
  };
  const tables = `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`;
  const store = await openEmbeddedStore(directory.path);
  const world = await openWorld(store, { directory: directory.path, tables, readObjects, options });
  return {
    ...world,
    close: async () => {
      await world.close();
      directory.remove();
    },
  };
}

/** PostgreSQL and a bucket. */
export async function openClusterWorld(options: NodeOptions = {}): Promise<PersonWorld> {
  const directory = createTemporaryDirectory('person');
  const settings = await newBucket();
  const bucket = await openS3({ settings, clock: createSystemClock(), log: createSilentTelemetry().log });
  const client = new S3Client({ ...settings, credentials: { ...settings.credentials!, sessionToken: '' } });
  const readObjects = async (part: string) => {
    const objects = new Map<string, Buffer>();
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: settings.bucket }));
    for (const { Key: key = '' } of Contents) {
      if (!key.includes(part)) continue;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: settings.bucket, Key: key }));
      objects.set(key, Buffer.from((await Body?.transformToByteArray()) ?? []));
    }
    return objects;
  };
  const tables = `select tablename as name from pg_tables where schemaname = current_schema()`;
  const store = await openPostgresStore(await newDatabase());
  const snapshots: NodeOptions['snapshots'] = () => (options.snapshots ?? ((it) => it))(bucket);
  const world = await openWorld(store, {
    directory: directory.path,
    tables,
    readObjects,
    options: { ...options, snapshots },
  });
  return {
    ...world,
    close: async () => {
      await world.close();
      client.destroy();
      bucket.close();
      directory.remove();
    },
  };
}

interface WorldParts {
  readonly directory: string;
  /** SQL for the names of all tables. */
  readonly tables: string;
  /** Objects whose key holds a text. */
  readonly readObjects: (part: string) => Promise<ReadonlyMap<string, Buffer>>;
  readonly options: NodeOptions;
}

async function openWorld(store: AuthoredStore, parts: WorldParts): Promise<PersonWorld> {
  const options = { inlineSegmentBytes: 200, openStore: async () => store, ...parts.options };
  const node = await openDocumentNode(parts.directory, options);
  const { authorship } = store;
  const deps: ForgetDeps = {
    ...node,
    authorship,
    inlineSegmentBytes: 200,
    fanOut: createInProcessFanOut({ node: 'test' }),
    node: 'test',
    onForgotten: () => undefined,
  };
  return {
    node,
    deps,
    find: async (text, documentId) => {
      const found: string[] = [];
      const { rows: tables } = await sql.raw<{ readonly name: string }>(parts.tables).execute(node.database);
      for (const { name } of tables) {
        const { rows } = await sql.raw<Record<string, unknown>>(`select * from "${name}"`).execute(node.database);
        const own = rows.filter((row) => documentId === undefined || row['document_id'] === documentId);
        const columns = own.flatMap((row) => Object.entries(row)).filter(([, value]) => holds(value, text));
        found.push(...columns.map(([column]) => `${name}.${column}`));
      }
      const part = documentId === undefined ? '' : `/d/${documentId}/`;
      for (const [key, bytes] of await parts.readObjects(part)) if (holds(bytes, text)) found.push(key);
      return found;
    },
    close: () => node.close(),
  };
}

/** Whether a value, or what it unpacks to, holds the text. */
function holds(value: unknown, text: string): boolean {
  if (!(value instanceof Uint8Array)) return String(value).includes(text);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return bytes.includes(text) || unpack(bytes).includes(text);
}

function unpack(bytes: Buffer): Buffer {
  try {
    return zstdDecompressSync(bytes);
  } catch {
    return Buffer.alloc(0);
  }
}

let flush = 0;

/** A document that several people write, a row for each edit. */
export interface SharedDocument {
  readonly record: DocumentRecord;
  /** One types a text at the end, under a clientID of theirs. */
  write(user: string, text: string): Promise<void>;
  /** Folds and archives all there is, and drops the rows from the log. */
  archive(dropsRows?: boolean): Promise<void>;
  readonly text: string;
}

/** As a writer does: who is told that the head is busy, or fenced by a new epoch, comes again. */
async function appendUntilStored(
  node: DocumentNode,
  { id }: DocumentRecord,
  row: Pick<AppendEntry, 'payload' | 'bindings'>,
): Promise<void> {
  for (;;) {
    flush += 1;
    const [head] = await node.log.readHeads([id]);
    const entries = [{ ...row, documentId: id, epoch: head?.epoch ?? 1 }];
    const [result] = await node.log.append({ incarnation: 'person', flush, at: 1_000 * flush, retry: false, entries });
    if (result?.kind === 'stored') return;
    if (result?.kind !== 'busy' && result?.kind !== 'fenced') throw new Error(`an edit was ${result?.kind}`);
  }
}

const CLIENTS: Readonly<Record<string, number>> = { [ADA]: 7, [BOB]: 8 };

/** Makes a document in which nothing is written yet; its clientIDs are bound unless `bindsClients` says no. */
export async function shareDocument(node: DocumentNode, bindsClients = true): Promise<SharedDocument> {
  const record = await node.create(`d${Math.random().toString(36).slice(2)}`);
  const document = new Y.Doc();
  const shared: SharedDocument = {
    record,
    write: async (user, text) => {
      document.clientID = CLIENTS[user] ?? 9;
      const before = Y.encodeStateVector(document);
      document.getText('text').insert(document.getText('text').length, text);
      const payload = encodeLogRow([{ actor: user, updates: [Y.encodeStateAsUpdate(document, before)] }]);
      await appendUntilStored(node, record, {
        payload,
        bindings: bindsClients ? [{ client: document.clientID, user }] : [],
      });
    },
    archive: async (dropsRows = true) => {
      await node.compactor.compact(record.id);
      await node.archiver.archive(record.id, true);
      const all = { upTo: 1e9, before: Date.now() + 1_000, limit: 100_000 };
      if (dropsRows) await node.upkeep.removeRows(record.id, all);
    },
    get text() {
      return document.getText('text').toJSON();
    },
  };
  return shared;
}

/** A document with two segments, one inline and one an object, rows behind them, and a row that was set aside. */
export async function shareOldDocument(world: PersonWorld): Promise<SharedDocument> {
  const { node } = world;
  const shared = await shareDocument(node);
  for (const [index, user] of [ADA, BOB, ADA].entries()) await shared.write(user, `${index} `);
  await shared.archive();
  for (let index = 0; index < 12; index += 1) {
    await shared.write(index % 3 === 0 ? BOB : ADA, `${Math.random().toString(36).repeat(2)} `);
  }
  await shared.archive(false);
  for (const user of [BOB, ADA, BOB]) await shared.write(user, 'late ');
  const [row] = await node.log.readRows(shared.record.id, 3, 1);
  const damage = { damage: 'checksum', set_aside_at: 1, sum: row!.sum, payload: row!.payload } as const;
  await node.database
    .insertInto('quarantined_rows')
    .values({ document_id: shared.record.id, seq: 4, at: 1, ...damage, payload: brokenRow() })
    .execute();
  return shared;
}

/** No row any more, and still one's name in it. */
function brokenRow(): Uint8Array {
  const row = encodeLogRow([{ actor: ADA, updates: [new Uint8Array(9)] }]);
  row[0] = 99;
  return row;
}
