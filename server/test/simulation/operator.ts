import { ScriptoriumError } from '../../src/core/errors.ts';
import type { DocumentRecord } from '../../src/ports/document-catalog.ts';
import { createRandom } from '../support/random.ts';
import { editAsPerson, pasteAsPerson, toMarker } from './client-edits.ts';
import { describeError } from './cluster.ts';
import { EVERYWHERE } from './faults.ts';
import type { Operation, RequestKind } from './operations.ts';
import { createPassiveDoc, summarize } from './oracle.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { readNewestSnapshot } from './stored-snapshot.ts';
import { TENANT, toName, type World } from './world.ts';
import * as Y from 'yjs';

/** Does what the plan says. */
export interface Operator {
  perform(operation: Operation): void;
  /** Makes deleted documents again, directly in the store; false when there are none. */
  reviveDocuments(): boolean;
}

/** What a request to a node may fail with while faults are about. */
const EXPECTED_FAILURES = new Set([
  'storage-unavailable',
  'document-deleted',
  'document-not-found',
  'document-exists',
  'shutting-down',
]);

export function createOperator(world: World): Operator {
  const { cluster, clients, faults, find } = world;
  let markers = 0;

  const edit = (operation: Extract<Operation, { readonly kind: 'edit' | 'paste' }>): void => {
    const client = clients[operation.client];
    if (client === undefined || client.kind === 'reader') return;
    const random = createRandom(operation.seed);
    const marker = (): string => {
      markers += 1;
      return toMarker(markers);
    };
    const make = operation.kind === 'paste' ? pasteAsPerson : editAsPerson;
    for (let left = operation.kind === 'paste' ? 1 : operation.edits; left > 0; left -= 1) {
      client.copy.edit((doc) => {
        const outcome = make(doc, random, marker);
        world.counts.edits += 1;
        for (const doomed of outcome.doomed) world.doomed.add(doomed);
        return outcome.written;
      });
    }
  };

  /** Asks a node for something, as a REST call does. */
  const request = (index: number, what: string, run: (node: SimulatedNode) => Promise<unknown>): void => {
    const node = cluster.node(index);
    if (node === null) return;
    run(node).then(
      () => world.trace.note(`${what} done`),
      (error: unknown) => {
        const code = error instanceof ScriptoriumError ? error.code : 'none';
        world.trace.note(`${what} failed: ${code}`);
        if (!EXPECTED_FAILURES.has(code)) find(`${what} failed: ${describeError(error)}`);
      },
    );
  };

  const perform = (operation: Operation): void => {
    switch (operation.kind) {
      case 'edit':
      case 'paste':
        return edit(operation);
      case 'lose-network':
        return clients[operation.client]?.connection.loseNetwork(operation.milliseconds, cluster.name(operation.node));
      case 'move':
        return clients[operation.client]?.connection.renew(cluster.name(operation.node));
      case 'cut':
        return clients[operation.client]?.connection.cut();
      case 'repeat':
        return clients[operation.client]?.repeat();
      case 'reload':
        return clients[operation.client]?.reload();
      case 'kill':
        return cluster.kill(operation.node, operation.milliseconds);
      case 'stop':
        return cluster.stop(operation.node, operation.milliseconds);
      case 'hang':
        return cluster.hang(operation.node, operation.milliseconds);
      case 'fault': {
        const where = operation.node === null ? EVERYWHERE : cluster.name(operation.node);
        return faults.begin(operation.fault, where, operation.milliseconds);
      }
      case 'damage':
        return damageSnapshot(world, operation.document);
      default:
        return request(operation.node, operation.kind, async (node) => onNode(world, node, operation));
    }
  };

  return {
    perform,
    reviveDocuments: () => {
      const gone = world.names.filter((name) => {
        const { kind } = world.store.ports.catalog.resolve(TENANT, name);
        return kind === 'deleted' || kind === 'absent';
      });
      for (const name of gone) world.store.ports.catalog.create(TENANT, name, 'nobody', 0);
      return gone.length > 0;
    },
  };
}

type Request = Extract<Operation, { readonly kind: RequestKind }>;

async function onNode(world: World, node: SimulatedNode, operation: Request): Promise<void> {
  const name = world.names[operation.document] ?? toName('none');
  const { catalog, documents, clock } = node;
  if (operation.kind === 'sweep') {
    await node.sweep();
    return;
  }
  const resolution = await catalog.resolve(TENANT, name);
  if (operation.kind === 'create') {
    if (resolution.kind === 'deleted') await catalog.create(TENANT, name, 'nobody', clock.now());
    return;
  }
  if (resolution.kind !== 'found' && resolution.kind !== 'renamed') return;
  const { record } = resolution;
  switch (operation.kind) {
    case 'compact':
      await node.compact(record.id);
      return;
    case 'read': {
      const read = await documents.read(record);
      if (read.seq < record.head) world.find(`document ${record.id} was at ${record.head} and is read at ${read.seq}`);
      checkRead(world, record, read);
      return;
    }
    case 'remove':
      await documents.retire(record, 'deleted', async (last) => {
        const removal = await catalog.remove(TENANT, record.name, last, { user: 'operator', at: clock.now() });
        if (removal === 'absent') throw new ScriptoriumError('document-not-found');
        return removal === 'removed' ? { kind: 'done', result: null } : { kind: 'moved' };
      });
      return;
    case 'rename': {
      const target = record.name === name ? toName(`${name}-moved`) : name;
      await documents.retire(record, 'renamed', async () => {
        const outcome = await catalog.rename(TENANT, record.name, target, { user: 'operator', at: clock.now() });
        if (outcome.kind !== 'renamed')
          throw new ScriptoriumError(outcome.kind === 'exists' ? 'document-exists' : 'document-not-found');
        return { kind: 'done', result: null };
      });
    }
  }
}

/** `(epoch, seq)` names a state: what is read under a number is what its rows make. */
function checkRead(
  world: World,
  record: DocumentRecord,
  read: { readonly epoch: number; readonly seq: number; readonly state: Uint8Array },
): void {
  const doc = createPassiveDoc();
  Y.applyUpdate(doc, read.state);
  if (summarize(doc) === world.oracle.of(record.id).states[read.seq]) return;
  world.find(`document ${record.id} read at ${read.epoch}-${read.seq} is not the state of its rows`);
}

/** Flips a bit in the newest snapshot. */
function damageSnapshot(world: World, index: number): void {
  const name = world.names[index];
  if (name === undefined) return;
  const resolution = world.store.ports.catalog.resolve(TENANT, name);
  if (resolution.kind !== 'found' && resolution.kind !== 'renamed') return;
  const bytes = readNewestSnapshot(world.store, resolution.record.id);
  const middle = (bytes?.byteLength ?? 0) >> 1;
  if (bytes !== null && bytes.byteLength > 0) bytes[middle] = (bytes[middle] ?? 0) ^ 1;
}
