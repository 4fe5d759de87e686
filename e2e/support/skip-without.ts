import { STRICT } from './sizes.ts';

/**
 * True when a suite has to be skipped because a tool is missing; says so loudly. Under CI, and in a full run, a missing
 * tool is a failure.
 */
export function skipWithout(tool: string, present: boolean): boolean {
  if (present) return false;
  if (STRICT) throw new Error(`${tool} is missing; install it (apt-get install ${tool})`);
  process.stdout.write(`\n*** SKIPPED: ${tool} is not installed (apt-get install ${tool}) ***\n\n`);
  return true;
}
