import { createHash } from 'node:crypto';
import { AUDIT_CHAIN_START, auditLinkText, type AuditRow } from '@scriptorium/shared/audit-chain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRows } from './audit-check.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const START = { seq: 0, hash: AUDIT_CHAIN_START };

function buildChain(length: number): readonly AuditRow[] {
  let previous = AUDIT_CHAIN_START;
  return Array.from({ length }, (_, index) => {
    const told = {
      chain: 'default',
      seq: index + 1,
      at: 1_000 + index,
      actor: `user${index % 3}`,
      action: 'grant.set',
      document: index % 2 === 0 ? null : `d${index}`,
      subject: 'user:ada',
      detail: '{"role":"editor"}',
    } as const;
    previous = hash(auditLinkText(previous, told));
    return { ...told, hash: previous };
  });
}

/** Whether the rows pass for the whole of a chain with this head. */
function passes(rows: readonly AuditRow[], whole: readonly AuditRow[]): boolean {
  const { end, findings } = checkRows(START, rows, hash);
  return findings.length === 0 && end.hash === whole.at(-1)?.hash && end.seq === whole.length;
}

const CHAIN = buildChain(12);

describe('[AUD10] a chain that was tampered with does not pass', () => {
  test('an honest one does, in one piece or several', () => {
    expect(passes(CHAIN, CHAIN)).toBe(true);
    const first = checkRows(START, CHAIN.slice(0, 5), hash);
    expect(checkRows(first.end, CHAIN.slice(5), hash)).toEqual({
      end: checkRows(START, CHAIN, hash).end,
      findings: [],
    });
  });

  test('a change of any value of any row is found at that row', () => {
    const changes: Partial<AuditRow>[] = [
      { at: 5 },
      { actor: 'eve' },
      { action: 'grant.revoke' },
      { document: 'other' },
      { subject: null },
      { detail: '{}' },
      { chain: 'other' },
    ];
    for (const [index, row] of CHAIN.entries()) {
      for (const change of changes) {
        const { findings } = checkRows(START, CHAIN.with(index, { ...row, ...change }), hash);
        expect(findings).toEqual([{ chain: change.chain ?? 'default', seq: index + 1, problem: 'changed' }]);
      }
    }
  });

  test('a changed row with a hash that fits it is found at the next one, and the last one by its head', () => {
    for (const [index, row] of CHAIN.entries()) {
      const forged = { ...row, actor: 'eve' };
      const fitting = { ...forged, hash: hash(auditLinkText(CHAIN[index - 1]?.hash ?? AUDIT_CHAIN_START, forged)) };
      expect(passes(CHAIN.with(index, fitting), CHAIN)).toBe(false);
    }
  });

  test('rows that are taken out, put in, doubled or moved do not pass, whatever they are', () => {
    const position = fc.nat(CHAIN.length - 1);
    fc.assert(
      fc.property(position, position, fc.constantFrom('out', 'double', 'swap', 'renumber'), (from, to, how) => {
        const rows = [...CHAIN];
        const [row] = rows.splice(from, how === 'double' ? 0 : 1);
        const moved = row ?? CHAIN[from]!;
        if (how === 'double' || how === 'swap') rows.splice(to, 0, moved);
        const given = how === 'renumber' ? rows.map((it, index) => ({ ...it, seq: index + 1 })) : rows;
        if (how === 'swap' && from === to) return;
        expect(passes(given, CHAIN)).toBe(false);
      }),
    );
  });
});
