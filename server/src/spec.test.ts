import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_ACTIONS } from '@scriptorium/shared/audit-chain';
import { CLOSE_CODES, isRetryableCloseCode } from '@scriptorium/shared/close-codes';
import { ERRORS } from '@scriptorium/shared/error-codes';
import { EVENT_TYPES } from '@scriptorium/shared/event-types';
import { ACTIONS, roleAllows, ROLES } from '@scriptorium/shared/roles';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TESTS = '{shared,server,client,e2e,scripts}/**/*.{test,contract}.{ts,tsx,mjs}';
/** The title of a test or group that begins with a rule: behind `it(`, or behind the call that makes a table of tests. */
const TITLE = /(?:\b(?:it|test|describe)(?:\.\w+)*|\))\(\s*(['"`])\[([A-Z]+\d+)\] /g;
const RULE = /^- \*\*([A-Z]+\d+)\*\* (.+)$/gm;
const INVARIANT = /^I\d+$/;
const GAP = '(not tested yet)';

const spec = readFileSync(join(ROOT, 'SPEC.md'), 'utf8');
const rules = [...spec.matchAll(RULE)].map(([, id = '', text = '']) => ({ id, text, isGap: text.includes(GAP) }));
const cited = readCitedRules();

/** Where each rule is cited by a test. */
function readCitedRules(): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  for (const file of globSync(TESTS, { cwd: ROOT, exclude: ['**/node_modules', '**/dist'] })) {
    for (const [, , id = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE)) {
      places.set(id, (places.get(id) ?? new Set()).add(file));
    }
  }
  return places;
}

/** The rows of the first table below a heading, cell by cell and without the marks of code. */
function readTable(heading: string): readonly (readonly string[])[] {
  const below = spec
    .slice(spec.indexOf(`\n${heading}\n`))
    .split('\n')
    .slice(2);
  const start = below.findIndex((line) => line.startsWith('| --- |')) + 1;
  const rows = below.slice(start);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('[OPS95] rules and tests name each other', () => {
  test('the tests were found', () => {
    expect(cited.size).toBeGreaterThan(200);
  });

  test('no rule has a number that another one has', () => {
    const ids = rules.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('every rule that a test cites is in the specification', () => {
    const known = new Set(rules.map(({ id }) => id));
    const unknown = [...cited].filter(([id]) => !known.has(id)).map(([id, files]) => `${id}: ${[...files].join(', ')}`);
    expect(unknown).toEqual([]);
  });

  test('every rule is cited by a test, or marked as a gap', () => {
    const alone = rules.filter(({ id, isGap }) => !isGap && !INVARIANT.test(id) && !cited.has(id));
    expect(alone.map(({ id }) => id)).toEqual([]);
  });

  test('a gap that a test has closed is no longer marked', () => {
    expect(rules.filter(({ id, isGap }) => isGap && cited.has(id)).map(({ id }) => id)).toEqual([]);
  });

  test('every invariant stands on rules that are tested', () => {
    const invariants = rules.filter(({ id, isGap }) => INVARIANT.test(id) && !isGap);
    expect(invariants.length).toBeGreaterThan(0);
    for (const { id, text } of invariants) {
      const grounds = /\(([^()]+)\)$/.exec(text)?.[1]?.split(', ') ?? [];
      expect([id, grounds.length > 0, grounds.filter((ground) => !cited.has(ground))]).toEqual([id, true, []]);
    }
  });
});

describe('[OPS96] the tables are those of the code', () => {
  const mark = (is: boolean): string => (is ? 'yes' : '');

  test('roles and actions', () => {
    const expected = ROLES.map((role) => [role, ...ACTIONS.map((action) => mark(roleAllows(role, action)))]);
    expect(spec).toContain(`| role | ${ACTIONS.join(' | ')} |`);
    expect(readTable('### Roles and actions')).toEqual(expected);
  });

  test('close codes', () => {
    const expected = Object.entries(CLOSE_CODES)
      .toSorted(([, left], [, right]) => left - right)
      .map(([name, code]) => [String(code), name, mark(isRetryableCloseCode(code))]);
    expect(readTable('## Close codes').map((row) => row.slice(0, 3))).toEqual(expected);
  });

  test('audited actions and events', () => {
    expect(readTable('### Audited actions').map(([action]) => action)).toEqual(AUDIT_ACTIONS);
    expect(readTable('### Events').map(([type]) => type)).toEqual(EVENT_TYPES);
  });

  test('error codes', () => {
    const expected = Object.entries(ERRORS).map(([code, { status, close, retryable, title }]) => [
      code,
      String(status),
      close ?? '',
      mark(retryable),
      title,
    ]);
    expect(readTable('### Error codes')).toEqual(expected);
  });
});
