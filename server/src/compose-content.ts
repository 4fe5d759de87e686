import { createBulkChanges } from './api/bulk-changes.ts';
import { createKnownRecords } from './api/known-records.ts';
import { createContentReader } from './api/read-content.ts';
import type { Access } from './access/access.ts';
import type { Ground } from './compose-ground.ts';
import type { Stores } from './compose-stores.ts';
import { createConversions } from './content/conversions.ts';
import { RENDERER_VERSION } from './content/renderer-version.ts';
import type { DocumentWriter } from './ports/document-writer.ts';
import type { LiveDocuments } from './ports/live-documents.ts';
import type { RenderingStore } from './ports/rendering-store.ts';
import { createJobRunner, type JobRunnerDeps } from './workers/job-runner.ts';
import type { PersonEraser } from './workers/person-eraser.ts';

/** What REST reads and writes documents in formats with, at once and in jobs. */
export async function createContent(
  { clock, config, telemetry }: Ground,
  stores: Stores,
  live: {
    readonly documents: LiveDocuments;
    readonly documentWriter: DocumentWriter;
    readonly access: Access;
    readonly personEraser: PersonEraser;
  },
) {
  const { catalog, requests, jobs } = stores;
  const { documents, documentWriter: writer, access, personEraser } = live;
  const shared = await openSharedRenderings({ clock, config, telemetry });
  const conversions = createConversions({ clock });
  const records = createKnownRecords({ catalog, clock });
  const changeDocument = createBulkChanges({ catalog, documents, writer, conversions, records, access });
  const carryOut: JobRunnerDeps['carryOut'] = (job, ...part) =>
    job.kind === 'person-erasure' ? personEraser.carryOut(job, ...part) : changeDocument(job, ...part);
  const runner = createJobRunner({ jobs, requests, clock, telemetry, carryOut });
  const reader = createContentReader({
    documents,
    conversions,
    cacheBytes: config.limits.renderingBytes,
    shared,
    clock,
  });
  return {
    api: { documents, writer, conversions, records, reader, requests, jobs, wakeJobs: () => runner.wake() },
    service: {
      name: 'content',
      drain: async (milliseconds: number) => {
        // Jobs first: they convert.
        personEraser.stop();
        await runner.drain(milliseconds);
        await conversions.drain(milliseconds);
        await reader.drain(milliseconds);
      },
    },
  };
}

/** Redis is loaded only where it is used: alone, a node need not pay for it. */
async function openSharedRenderings({
  clock,
  config,
  telemetry,
}: Omit<Ground, 'node'>): Promise<RenderingStore | null> {
  const { redis } = config.stores;
  if (redis === null) return null;
  const { createRedisRenderings } = await import('./adapters/redis/redis-renderings.ts');
  return createRedisRenderings({ ...redis, version: RENDERER_VERSION, clock, telemetry });
}
