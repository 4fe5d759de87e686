import { openHocuspocus } from '../support/hocuspocus-client.ts';
import { writeBaseDocument } from './base-document.ts';
import { type BenchServices, CLUSTER_SERVERS, startClusterServer } from './cluster-servers.ts';
import { atMost, type Target } from './report.ts';
import { type Percentiles, readPercentiles } from './samples.ts';
import { seedDocuments } from './seed-documents.ts';
import { readFile } from 'node:fs/promises';

const DOCUMENTS = 40;

/** Opens documents of about 300 KB at a node that never saw them, one after the other. */
export async function runColdSuite(run: {
  readonly services: BenchServices;
  readonly print: (line: string) => void;
}): Promise<{ readonly figures: Percentiles | null; readonly targets: readonly Target[] }> {
  const server = CLUSTER_SERVERS['scriptorium'];
  if (server === undefined) throw new Error('there is no such server');
  const base = await writeBaseDocument(110_000);
  const started = await startClusterServer(server, { services: run.services, nodes: 2 });
  try {
    const [first = '', second = ''] = started.urls;
    const plan = { urls: [first], token: started.token, prefix: 'cold', documents: DOCUMENTS };
    await seedDocuments(plan, await readFile(base.file));
    const times: number[] = [];
    for (let index = 0; index < DOCUMENTS; index += 1) {
      const begun = performance.now();
      const client = openHocuspocus({ url: second, document: `cold-${index}`, token: started.token });
      await client.ready();
      times.push(performance.now() - begun);
      client.destroy();
    }
    const figures = readPercentiles(times);
    run.print(
      `${DOCUMENTS} documents of ${Math.round(base.bytes / 1_000)} KB: p50 ${figures?.p50.toFixed(1)} ms, p95 ${figures?.p95.toFixed(1)} ms`,
    );
    const target = atMost('opening a cold document of about 300 KB, p95 at most 100 ms', figures?.p95 ?? null, 100);
    return { figures, targets: target === null ? [] : [target] };
  } finally {
    await started.stop();
    await base.dispose();
  }
}
