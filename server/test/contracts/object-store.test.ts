import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3, type S3Settings, type S3Store, type S3Timeouts } from '../../src/adapters/s3/open-s3.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { LogFields, Logger } from '../../src/ports/telemetry.ts';
import { newBucket } from '../services/s3-bucket.ts';
import { missing } from '../services/shared-services.ts';
import { type Fault, type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';

const IMPATIENT: S3Timeouts = { connect: 500, idle: 600, call: 4_000 };

function open(settings: S3Settings, timeouts: S3Timeouts = IMPATIENT, log: Logger = createSilentTelemetry().log) {
  return openS3({ settings, clock: createSystemClock(), log, timeouts });
}

describe.skipIf(missing.objectStore)('the object store', () => {
  describeSnapshotStore('S3', async () => {
    const settings = await newBucket();
    const [store, other] = [await open(settings, undefined), await open(settings, undefined)];
    return {
      store,
      reopen: () => other,
      close: async () => {
        store.close();
        other.close();
      },
    };
  });

  describe('at start', () => {
    it('[SNAP39] a bucket that is not there is one sentence that names it', async () => {
      const settings = await newBucket();
      const bucket = `${settings.bucket}-not`;
      await expect(open({ ...settings, bucket })).rejects.toMatchObject({
        code: 'storage-unavailable',
        detail: expect.stringMatching(new RegExp(`bucket ${bucket} at .* does not exist`)) as string,
      });
    });

    it('[SNAP39] credentials that do not do are one sentence that names the bucket', async () => {
      const settings = await newBucket();
      for (const wrong of [{ secretAccessKey: 'wrong' }, { accessKeyId: 'nobody' }]) {
        const credentials = { ...settings.credentials!, ...wrong };
        await expect(open({ ...settings, credentials })).rejects.toMatchObject({
          code: 'storage-unavailable',
          detail: expect.stringMatching(new RegExp(`bucket ${settings.bucket} .* may not be used`)) as string,
        });
      }
    });

    it('[SNAP39] a store that does not answer is a warning and no reason not to start', async () => {
      const settings = await newBucket();
      const gateway = await startFaultGateway(settings.endpoint);
      const warnings: string[] = [];
      const log = {
        ...createSilentTelemetry().log,
        warn: (event: string, _fields?: LogFields) => void warnings.push(event),
      };
      for (const fault of ['slow-down', 'hang', 'reset'] as const) {
        gateway.plan = () => fault;
        warnings.length = 0;
        const store = await open({ ...settings, endpoint: gateway.endpoint }, IMPATIENT, log);
        expect(warnings).toContain('object_store_unreachable');
        gateway.plan = () => 'pass';
        await store.put('t/a/d/1/once-it-answers', Buffer.from('x'));
        store.close();
      }
      await gateway.close();
    });
  });

  describeFaults();
});

function describeFaults(): void {
  describe('with faults', () => {
    const object = randomBytes(300_000);
    const key = 't/default/d/7/snapshot-1';
    let gateway: FaultGateway;
    let store: S3Store;
    let direct: S3Store;
    beforeAll(async () => {
      const settings = await newBucket();
      gateway = await startFaultGateway(settings.endpoint);
      store = await open({ ...settings, endpoint: gateway.endpoint });
      direct = await open(settings);
      await direct.put(key, object);
    });
    afterAll(async () => {
      store.close();
      direct.close();
      await gateway.close();
    });

    /** Does this to the next so many requests, and lets the others pass. */
    const fail = (fault: Fault, times: number): void => {
      let left = times;
      gateway.plan = () => (left-- > 0 ? fault : 'pass');
    };
    const always = (fault: Fault): void => fail(fault, Infinity);

    it.each(['slow-down', 'reset', 'truncate', 'stall', 'hang'] as const)(
      '[SNAP40] a single %s is tried again and costs no object',
      async (fault) => {
        fail(fault, 1);
        expect(Buffer.compare((await store.get(key))!, object)).toBe(0);
        fail(fault, 1);
        const other = `${key}-${fault}`;
        await store.put(other, object);
        expect(Buffer.compare((await direct.get(other))!, object)).toBe(0);
      },
    );

    it.each(['slow-down', 'reset', 'truncate', 'stall', 'hang', 'bare-404', 'retry-in-an-hour'] as const)(
      '[SNAP40] %s without end is an error in bounded time, and never an object that is missing',
      async (fault) => {
        always(fault);
        const begun = performance.now();
        const before = gateway.requests.length;
        await expect(store.get(key)).rejects.toMatchObject({ code: 'storage-unavailable' });
        expect(performance.now() - begun).toBeLessThan(20_000);
        expect(gateway.requests.length - before).toBeLessThan(10);
        gateway.plan = () => 'pass';
        expect(Buffer.compare((await store.get(key))!, object)).toBe(0);
      },
    );

    it.each(['slow-down', 'reset', 'hang'] as const)(
      '[SNAP40] writing and removing into %s ends in an error too',
      async (fault) => {
        always(fault);
        await expect(store.put(`${key}-never`, object)).rejects.toMatchObject({ code: 'storage-unavailable' });
        await expect(store.remove(key)).rejects.toMatchObject({ code: 'storage-unavailable' });
        gateway.plan = () => 'pass';
        expect(await store.get(key)).not.toBeNull();
      },
    );

    it('[SNAP40] a slow object that makes progress arrives', async () => {
      always('drip');
      expect(Buffer.compare((await store.get(key))!, object)).toBe(0);
    });

    it('[SNAP40] an object that is missing is told apart from a store that is away', async () => {
      gateway.plan = () => 'pass';
      expect(await store.get(`${key}-nowhere`)).toBeNull();
    });

    it('[SNAP40] a flipped bit goes through: whoever reads compares a checksum', async () => {
      always('flip');
      const read = await store.get(key);
      expect([read?.byteLength, Buffer.compare(read!, object) === 0]).toEqual([object.length, false]);
    });
  });
}
