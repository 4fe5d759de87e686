import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configReference } from './config.ts';

/** Known to the tests alone, so people need not read about it. */
const FOR_TESTS_ONLY: ReadonlySet<string> = new Set(['SCRIPTORIUM_TEST_APPEND_DELAY_MS']);

/** The rows of the table whose first header is `variable`, cell by cell and without the marks of code. */
function readVariableTable(markdown: string): readonly string[][] {
  const lines = markdown.split('\n');
  const header = lines.findIndex((line) => line.startsWith('| variable |'));
  const rows = lines.slice(header + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('[OPS8] the table of variables in the README is the one of the program', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
  const expected = configReference
    .filter(({ name }) => !FOR_TESTS_ONLY.has(name))
    .map((row) => [code(row.name), code(row.default), row.meaning]);
  expect(expected.length).toBeGreaterThan(10);
  expect(readVariableTable(readme)).toEqual(expected);
});

test('[OPS8] what only tests set is not in the README', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  for (const name of FOR_TESTS_ONLY) expect(readme).not.toContain(name);
});
