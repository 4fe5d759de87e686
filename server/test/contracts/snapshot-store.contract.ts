import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts';

export interface SnapshotStoreUnderTest {
  readonly store: SnapshotStore;
  /** Another store on the same objects, as after a restart. */
  reopen(): SnapshotStore;
  close(): Promise<void>;
}

/** What every snapshot store must do. */
export function describeSnapshotStore(adapter: string, open: () => Promise<SnapshotStoreUnderTest>): void {
  describe(`snapshot store: ${adapter}`, () => {
    let subject: SnapshotStoreUnderTest;
    beforeAll(async () => void (subject = await open()));
    afterAll(() => subject.close());

    it('[SNAP25] an object is read as it was written, also by another process later', async () => {
      const objects = new Map([
        ['t/default/d/1/1-5-abc', randomBytes(3_000_000)],
        ['t/default/d/1/1-6-abc', Buffer.alloc(0)],
        ['t/-odd-tenant-/d/2/1-1-abc', Buffer.from('x')],
        ['flat', Buffer.from('y')],
      ]);
      await Promise.all([...objects].map(([key, object]) => subject.store.put(key, object)));
      for (const [key, object] of objects) {
        for (const store of [subject.store, subject.reopen()]) {
          expect(Buffer.compare((await store.get(key))!, object)).toBe(0);
        }
      }
    });

    it('[SNAP26] an object that is not there is null, and can be removed all the same', async () => {
      expect(await subject.store.get('t/none/d/9/1-1-abc')).toBeNull();
      await subject.store.remove('t/none/d/9/1-1-abc');
      await subject.store.put('t/a/d/1/1-1-abc', Buffer.from('x'));
      await subject.store.put('t/a/d/1/1-2-abc', Buffer.from('y'));
      await subject.store.remove('t/a/d/1/1-1-abc');
      await subject.store.remove('t/a/d/1/1-1-abc');
      expect(await subject.store.get('t/a/d/1/1-1-abc')).toBeNull();
      expect(await subject.store.get('t/a/d/1/1-2-abc')).not.toBeNull();
    });

    it('[SNAP27] a key that could lead out of the store is refused, whatever is asked', async () => {
      const keys = [
        '../x',
        'a/../../x',
        '/etc/x',
        'a//b',
        'a/',
        '',
        '.',
        '.hidden',
        'a/.b',
        'a\\..\\b',
        'a\0b',
        'x'.repeat(600),
      ];
      for (const key of keys) {
        await expect(subject.store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'internal' });
        await expect(subject.store.get(key)).rejects.toMatchObject({ code: 'internal' });
        await expect(subject.store.remove(key)).rejects.toMatchObject({ code: 'internal' });
      }
    });
  });
}
