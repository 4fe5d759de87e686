import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3, type S3Store } from '../../src/adapters/s3/open-s3.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { ScriptoriumError } from '../../src/core/errors.ts';
import { newBucket } from '../services/s3-bucket.ts';
import { missing } from '../services/shared-services.ts';
import { type Fault, type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { findDangling } from '../support/stored-objects.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openDocumentNode, type DocumentNode } from './document-node.ts';
import { forget, textOf, typeInto } from './document-typing.ts';

describe.skipIf(missing.objectStore)('documents on an object store with faults', () => {
  let directory: TemporaryDirectory;
  let gateway: FaultGateway;
  let store: S3Store;
  let node: DocumentNode;

  beforeAll(async () => {
    directory = createTemporaryDirectory('s3-faults');
    const settings = await newBucket();
    gateway = await startFaultGateway(settings.endpoint);
    const timeouts = { connect: 500, idle: 400, call: 3_000 };
    const { log } = createSilentTelemetry();
    const clock = createSystemClock();
    store = await openS3({ settings: { ...settings, endpoint: gateway.endpoint }, clock, log, timeouts });
    node = await openDocumentNode(directory.path, { snapshots: () => store });
  });

  afterAll(async () => {
    await node.close();
    store.close();
    await gateway.close();
    directory.remove();
  });

  it.each<Fault>(['slow-down', 'hang', 'stall', 'truncate', 'reset', 'bare-404', 'flip', 'drip'])(
    '[SNAP55] %s: editing goes on, nothing acknowledged is lost, and all is well again by itself',
    async (fault) => {
      const record = await node.create(`under-${fault}`);
      await typeInto(node, record, { texts: ['one '] });
      expect(await node.compactor.compact(record.id)).toBe(true);
      gateway.plan = () => fault;
      await typeInto(node, record, { texts: ['two '] });
      const folded = await node.compactor.compact(record.id).catch((error: unknown) => {
        if (error instanceof ScriptoriumError && error.code === 'storage-unavailable') return false;
        throw error;
      });
      // A snapshot was either written whole or not at all.
      expect(folded).toBe(fault === 'drip');
      await typeInto(node, record, { texts: ['three '] });
      forget(node, record);
      expect(await textOf(node, record)).toBe('one two three ');
      gateway.plan = () => 'pass';
      await typeInto(node, record, { texts: ['four'] });
      forget(node, record);
      expect(await textOf(node, record)).toBe('one two three four');
      expect(await node.compactor.compact(record.id)).toBe(true);
      expect(await node.archiver.archive(record.id, true)).toBe(4);
      await node.upkeep.removeRows(record.id, { upTo: 9, before: Date.now() + 1_000, limit: 9 });
      forget(node, record);
      expect(await textOf(node, record)).toBe('one two three four');
      expect(await findDangling(node, record.id)).toEqual([]);
    },
  );

  it('[SNAP55] only what was really damaged counts as damaged', () => {
    // The two loads whose bits were flipped, of all that went wrong above.
    expect(node.telemetry.counters.get('snapshot_checksum_failures_total')).toBe(2);
    expect(node.telemetry.counters.get('documents_quarantined_total') ?? 0).toBe(0);
  });
});
