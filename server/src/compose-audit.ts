import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import type { Service } from './service.ts';
import { createAuditExporter } from './workers/audit-exporter.ts';
import { createAuditJournal } from './workers/audit-journal.ts';

/** What writes down opens and refusals, and moves rows into objects; without a bucket they stay in the database. */
export function createAudit({ config, clock, telemetry }: Ground, { audit, snapshots }: Stores) {
  const journal = createAuditJournal({ audit, clock, telemetry });
  const services: Service[] = [journal];
  if (config.stores.objects !== null) {
    services.push(createAuditExporter({ audit, snapshots, clock, telemetry, keepFor: config.stores.auditKeptFor }));
  }
  return { journal, services };
}
