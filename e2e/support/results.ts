import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FULL } from './sizes.ts';

const RESULTS_FILE = fileURLToPath(new URL('../RESULTS.md', import.meta.url));

/** Prints the figures of a scenario; a full run also adds them to RESULTS.md. */
export async function recordResult(
  scenario: string,
  figures: Readonly<Record<string, number | string>>,
): Promise<void> {
  const line = Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  process.stdout.write(`${scenario}: ${line}\n`);
  if (!FULL) return;
  const date = new Date().toISOString().slice(0, 10);
  await appendFile(RESULTS_FILE, `- ${date}, Node ${process.versions.node}, **${scenario}**: ${line}\n`);
}

/** Prints a table; a full run also adds it to RESULTS.md. */
export async function recordTable(scenario: string, table: string): Promise<void> {
  process.stdout.write(`\n${scenario}\n${table}\n\n`);
  if (!FULL) return;
  const date = new Date().toISOString().slice(0, 10);
  await appendFile(
    RESULTS_FILE,
    `\n${date}, Node ${process.versions.node}, **${scenario}**\n\n\`\`\`\n${table}\n\`\`\`\n`,
  );
}
