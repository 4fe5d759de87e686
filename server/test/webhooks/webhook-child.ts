// A node without sockets, for the kill test: it changes documents, tells of it, and delivers, until it is killed.
// Arguments: address of the database, tenant, name of this child, 1 to change documents or 0 to deliver alone.
import { randomUUID } from 'node:crypto';
import { parseTenant } from '@scriptorium/shared/document-name';
import { createHttpWebhookTransport } from '../../src/adapters/http/webhook-transport.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createChangeAnnouncer } from '../../src/workers/change-announcer.ts';
import { createWebhookDeliverer } from '../../src/workers/webhook-deliverer.ts';
import { openPostgresStore } from '../contracts/postgres-store.ts';
import { entry, name, newWriter } from '../contracts/store-under-test.ts';
import { createSilentTelemetry } from '../support/silent-telemetry.ts';

const [url = '', tenantText = '', child = '', changes = '1'] = process.argv.slice(2);
const tenant = parseTenant(tenantText);
if (tenant === null) throw new Error('not a tenant');
/** A lease that is short, so that the test need not wait long for what a killed node holds. */
const TIMINGS = { interval: 100, lease: 4_000 };
const STEPS = 8;

const store = await openPostgresStore(url, { migrate: 'check' });
const clock = createSystemClock();
const telemetry = createSilentTelemetry();
const deliverer = createWebhookDeliverer({
  queue: store.deliveries,
  transport: createHttpWebhookTransport({ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 2_000 }),
  clock,
  telemetry,
  node: randomUUID(),
  timings: TIMINGS,
});
const announcer = createChangeAnnouncer({
  outbox: store.outbox,
  clock,
  telemetry,
  quietMs: 50,
  keepMs: 86_400_000,
  onEvents: () => deliverer.wake(),
});
process.stdout.write('ready\n');

/** Stores one row, and tells of it where somebody who writes would be told; false once the document is deleted. */
async function write(writer: ReturnType<typeof newWriter>, documentId: number, text: string): Promise<boolean> {
  for (;;) {
    const [result] = await writer.append(entry(documentId, text));
    switch (result?.kind) {
      case 'stored':
        process.stdout.write(`stored ${documentId} ${result.seq}\n`);
        return true;
      case 'busy':
        continue;
      case 'fenced':
      case 'deleted':
        // By the other process, where both live the life of one document.
        return false;
      default:
        throw new Error(`the row is ${result?.kind}`);
    }
  }
}

/** The life of one document: created, edited, renamed, edited …, deleted; each step is told once it is committed. */
async function live(id: string): Promise<void> {
  const writer = newWriter(store);
  const { record } = await store.catalog.create(tenant as typeof record.tenant, name(`${id}-0`), child, clock.now());
  for (let step = 1; step <= STEPS; step += 1) {
    if (!(await write(writer, record.id, `row ${step}`))) return;
    announcer.noteChange(record.id);
    await store.catalog.rename(record.tenant, name(`${id}-${step - 1}`), name(`${id}-${step}`), {
      user: child,
      at: clock.now(),
    });
    process.stdout.write(`step ${record.id}\n`);
  }
  const last = { epoch: record.epoch, seq: STEPS, stateVector: Uint8Array.of(0) };
  await store.catalog.remove(record.tenant, name(`${id}-${STEPS}`), last, { user: child, at: clock.now() });
  process.stdout.write(`step ${record.id}\n`);
}

if (changes === '1') {
  for (let count = 0; ; count += 1) {
    await Promise.all(['a', 'b', 'c', 'd'].map((part) => live(`${child}${part}${count}`)));
  }
}
