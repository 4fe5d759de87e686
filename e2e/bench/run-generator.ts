import { fileURLToPath } from 'node:url';
import { startChild } from '../support/child-process.ts';

/**
 * Runs an entry of this folder in a process of its own, so that its work is not measured as somebody else's: it takes
 * the plan as JSON argument and prints the result as JSON.
 */
export async function runGenerator<Result>(entry: string, plan: unknown, nodeOptions: string[] = []): Promise<Result> {
  const path = fileURLToPath(new URL(entry, import.meta.url));
  const child = startChild({ command: process.execPath, args: [...nodeOptions, path, JSON.stringify(plan)] });
  const exit = await child.exited;
  if (exit.code !== 0) throw new Error(`${entry} failed:\n${child.output()}`);
  // Warnings of the runtime, if any, come before the result.
  return JSON.parse(child.output().trim().split('\n').at(-1) ?? '') as Result;
}
