import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('[OPS12] counters, gauges and histograms appear on the page with what was counted', async () => {
  const metrics = createMetrics();
  metrics.count('connections_total');
  metrics.count('bytes_appended_total', 500);
  metrics.count('bytes_appended_total', 20);
  metrics.gauge('rooms', 3);
  metrics.gauge('rooms', 2);
  metrics.observe('flush_seconds', 0.004);
  const { contentType, body } = await metrics.page();
  expect(contentType).toContain('text/plain');
  expect(body).toContain('\nscriptorium_connections_total 1\n');
  expect(body).toContain('\nscriptorium_bytes_appended_total 520\n');
  expect(body).toContain('\nscriptorium_updates_forked_total 0\n');
  expect(body).toContain('\nscriptorium_rooms 2\n');
  expect(body).toContain('scriptorium_flush_seconds_bucket{le="0.005"} 1');
  expect(body).toContain('scriptorium_flush_seconds_bucket{le="0.002"} 0');
  expect(body).toContain('scriptorium_process_resident_memory_bytes');
});

test('[OPS12] reading the page counts nothing twice', async () => {
  const metrics = createMetrics();
  metrics.count('flushes_total', 4);
  await metrics.page();
  metrics.count('flushes_total');
  expect((await metrics.page()).body).toContain('\nscriptorium_flushes_total 5\n');
});

test('[OPS12] two servers in one process count for themselves', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.count('flushes_total');
  expect((await second.page()).body).toContain('\nscriptorium_flushes_total 0\n');
});
