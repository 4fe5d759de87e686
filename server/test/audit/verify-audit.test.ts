import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_REGISTER, auditLinkText } from '@scriptorium/shared/audit-chain';
import type { Tenant } from '@scriptorium/shared/document-name';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilesystemSnapshotStore } from '../../src/adapters/filesystem/snapshot-store.ts';
import type { AuditEntry } from '../../src/ports/audit-log.ts';
import { createAuditExporter } from '../../src/workers/audit-exporter.ts';
import { type AuditVerdict, verifyAudit } from '../../src/workers/verify-audit.ts';
import { openEmbeddedStore } from '../contracts/embedded-store.ts';
import { openPostgresStore } from '../contracts/postgres-store.ts';
import { AT, newTenant } from '../contracts/store-under-test.ts';
import type { AuditStoreUnderTest } from '../contracts/audit-log.contract.ts';
import { missing, newDatabase } from '../services/shared-services.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

const DAY = 24 * 60 * 60 * 1_000;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Engine {
  open(directory: string): Promise<AuditStoreUnderTest>;
  /** Takes away what keeps an honest program from it, as somebody with the password can. */
  readonly disarm: readonly string[];
}

const ENGINES: Record<string, Engine> = {
  SQLite: {
    open: (directory) => openEmbeddedStore(directory),
    disarm: ['drop trigger audit_rows_update', 'drop trigger audit_rows_delete'],
  },
  PostgreSQL: {
    open: async () => openPostgresStore(await newDatabase()),
    disarm: ['alter table audit_rows disable trigger all'],
  },
};

for (const [engine, { open, disarm }] of Object.entries(ENGINES)) {
  describe.skipIf(engine === 'PostgreSQL' && missing.postgres)(`the audit log is verified: ${engine}`, () => {
    const directories: { remove(): void }[] = [];
    let store: AuditStoreUnderTest;
    let objectsIn: string;
    let tenant: Tenant;
    let clock: FakeClock;

    beforeEach(async () => {
      const directory = createTemporaryDirectory('audit');
      directories.push(directory);
      objectsIn = join(directory.path, 'objects');
      store = await open(directory.path);
      for (const statement of disarm) await sql.raw(statement).execute(store.database);
      tenant = newTenant();
      clock = createFakeClock({ now: AT });
    });
    afterEach(() => store.close());
    afterAll(() => {
      for (const directory of directories) directory.remove();
    });

    const objects = () => createFilesystemSnapshotStore({ directory: objectsIn });
    const append = async (count: number, of = tenant) => {
      const entries = Array.from({ length: count }, (_, index): AuditEntry => ({
        user: 'ada',
        at: AT + index,
        action: 'document.open',
        document: `d${index}`,
      }));
      await store.audit.append(of, entries);
    };
    const runExporter = async (keepFor = Infinity): Promise<void> => {
      const deps = { audit: store.audit, snapshots: objects(), clock, telemetry: createSilentTelemetry() };
      const exporter = createAuditExporter({ ...deps, keepFor });
      await exporter.run();
      await exporter.drain(0);
    };
    const verify = async (earlier: readonly AuditVerdict[] = []): Promise<readonly string[]> => {
      const verdicts = await verifyAudit({ audit: store.audit, snapshots: objects() }, earlier);
      return verdicts.flatMap(({ findings }) =>
        findings.map(({ chain, seq, problem }) => `${chain} ${seq} ${problem}`),
      );
    };
    const run = (text: string) => sql.raw(text.replaceAll('TENANT', `'${tenant}'`)).execute(store.database);

    it('[AUD11] an honest log passes: short, long, exported, pruned, and while it grows', async () => {
      await append(2_500);
      await append(3, newTenant());
      expect(await verify()).toEqual([]);
      await runExporter();
      await append(10);
      expect(await verify()).toEqual([]);
      clock.advance(10 * DAY);
      await runExporter(5 * DAY);
      expect(await store.audit.readChain(tenant)).toMatchObject({ prunedSeq: 2_511 });
      expect(await verify()).toEqual([]);
      const growing = Promise.all(Array.from({ length: 20 }, () => append(5)));
      expect(await verify()).toEqual([]);
      await growing;
      expect(await verify()).toEqual([]);
    });

    it('[AUD12] a row that was edited, deleted, put in or moved is found, whichever it is', async () => {
      await append(6);
      const columns = 'at, actor, action, document, subject, detail, hash';
      for (const seq of [1, 3, 6]) {
        await run(`update audit_rows set actor = 'eve' where tenant = TENANT and seq = ${seq}`);
        expect(await verify()).toEqual([`${tenant} ${seq} changed`]);
        await run(`update audit_rows set actor = 'ada' where tenant = TENANT and seq = ${seq}`);
      }
      expect(await verify()).toEqual([]);
      await run(
        `insert into audit_rows select tenant, 7, ${columns} from audit_rows where tenant = TENANT and seq = 6`,
      );
      expect(await verify()).toContain(`${tenant} 7 added`);
      await run('delete from audit_rows where tenant = TENANT and seq = 7');
      for (const [from, to] of [
        [2, 100],
        [3, 2],
        [100, 3],
      ]) {
        await run(`update audit_rows set seq = ${to} where tenant = TENANT and seq = ${from}`);
      }
      expect(await verify()).toContain(`${tenant} 2 changed`);
      for (const [from, to] of [
        [3, 100],
        [2, 3],
        [100, 2],
      ]) {
        await run(`update audit_rows set seq = ${to} where tenant = TENANT and seq = ${from}`);
      }
      expect(await verify()).toEqual([]);
      await run('delete from audit_rows where tenant = TENANT and seq = 4');
      expect(await verify()).toContain(`${tenant} 5 out-of-order`);
    });

    it('[AUD12] rows that are cut off at either end, and a chain that is gone or made up, are found', async () => {
      await append(6);
      const other = newTenant();
      await append(2, other);
      await run('delete from audit_rows where tenant = TENANT and seq = 6');
      expect(await verify()).toEqual([`${tenant} 6 cut-short`]);
      await run('delete from audit_rows where tenant = TENANT and seq = 1');
      expect(await verify()).toContain(`${tenant} 2 out-of-order`);
      await run(`update audit_chains set pruned_seq = 1, pruned_hash = 'x' where tenant = TENANT`);
      expect(await verify()).toContain(`${tenant} 1 beginning-lost`);
      await run('delete from audit_rows where tenant = TENANT');
      await run('delete from audit_chains where tenant = TENANT');
      expect(await verify()).toEqual([`${tenant} 0 chain-lost`]);
      await run(`update audit_chains set tenant = 'made-up' where tenant = '${other}'`);
      const made = await verify();
      expect(made).toContain('made-up 0 unregistered');
      expect(made).toContain(`${other} 0 chain-lost`);
    });

    it('[AUD13] a log that was written anew as a whole does not hold what was noted elsewhere', async () => {
      await append(3);
      const noted = await verifyAudit({ audit: store.audit, snapshots: objects() });
      await append(2);
      expect(await verify(noted)).toEqual([]);
      const rows = await store.audit.readRows(tenant, 0, 10);
      let previous = '0'.repeat(64);
      for (const row of rows) {
        const forged = { ...row, actor: row.seq === 2 ? 'eve' : row.actor };
        previous = hash(auditLinkText(previous, forged));
        await run(
          `update audit_rows set actor = '${forged.actor}', hash = '${previous}' where tenant = TENANT and seq = ${row.seq}`,
        );
      }
      await run(`update audit_chains set head_hash = '${previous}' where tenant = TENANT`);
      expect(await verify()).toEqual([]);
      expect(await verify(noted)).toEqual([`${tenant} 3 rewritten`]);
      expect(noted.map(({ chain }) => chain)).toContain(AUDIT_REGISTER);
    });

    it('[AUD14] objects hold the rows from the first on, and one that is damaged, missing or at odds with the rows is found', async () => {
      await append(5);
      await runExporter();
      await runExporter();
      const exports = await store.audit.listExports(tenant);
      expect(exports).toMatchObject([{ fromSeq: 1, toSeq: 5 }]);
      const file = join(objectsIn, exports[0]?.key ?? '');
      const written = readFileSync(file);
      expect(written.byteLength).toBe(exports[0]?.bytes);
      expect(
        written
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(await store.audit.readRows(tenant, 0, 5));
      writeFileSync(file, written.toString().replace('"ada"', '"eve"'));
      expect(await verify()).toContain(`${tenant} 1 object-damaged`);
      writeFileSync(file, written);
      expect(await verify()).toEqual([]);
      await objects().remove(exports[0]?.key ?? '');
      expect(await verify()).toContain(`${tenant} 1 object-damaged`);
      await objects().put(exports[0]?.key ?? '', written);
      await run('delete from audit_exports where tenant = TENANT');
      expect(await verify()).toContain(`${tenant} 5 object-damaged`);
    });

    it('[AUD15] what is old and exported leaves the database, the rest stays, and the register stays whole', async () => {
      await append(4);
      await runExporter(5 * DAY);
      expect(await store.audit.readChain(tenant)).toMatchObject({ exportedSeq: 4, prunedSeq: 0 });
      clock.advance(60 * DAY);
      await runExporter(5 * DAY);
      expect(await store.audit.readChain(tenant)).toMatchObject({ exportedSeq: 4, prunedSeq: 4, headSeq: 6 });
      expect((await store.audit.readRows(tenant, 0, 10)).map((row) => row.action)).toEqual([
        'audit.export',
        'audit.prune',
      ]);
      expect(await store.audit.readChain(AUDIT_REGISTER)).toMatchObject({ prunedSeq: 0 });
      await run(`update audit_chains set pruned_seq = 5 where tenant = TENANT`);
      expect(await verify()).toContain(`${tenant} 5 beginning-lost`);
    });
  });
}
