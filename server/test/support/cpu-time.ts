/**
 * Milliseconds of this thread's own CPU time that the work took: what else a busy machine does meanwhile is not in it,
 * so a bound on it may be tight.
 */
export function measureCpu(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
