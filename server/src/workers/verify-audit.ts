import { AUDIT_CHAIN_START, AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';
import { type AuditFinding, type ChainPosition, checkRows, tellsOfPrune } from '../core/audit-check.ts';
import type { AuditChain, AuditLog } from '../ports/audit-log.ts';
import { checkExports, hashText, noteExpected, type VerifyAuditDeps } from './check-exports.ts';

/** A chain as it was found. */
export interface AuditVerdict {
  readonly chain: string;
  readonly headSeq: number;
  readonly headHash: string;
  readonly findings: readonly AuditFinding[];
}

const PAGE = 1_000;
const CHAINS_PER_PAGE = 500;
const ATTEMPTS = 5;

/**
 * Checks every chain from its first row to its last one, those in objects too, and all of them against the register.
 * `earlier` are verdicts that were kept elsewhere: a log that was written anew as a whole does not hold their hashes.
 * Chains may grow meanwhile.
 */
export async function verifyAudit(
  deps: VerifyAuditDeps,
  earlier: readonly Pick<AuditVerdict, 'chain' | 'headSeq' | 'headHash'>[] = [],
): Promise<readonly AuditVerdict[]> {
  const verdicts: AuditVerdict[] = [];
  const chains = await listAllChains(deps.audit);
  // The register grows behind new chains, so it is read after the list of them.
  const registered = await readRegister(deps.audit);
  for (const { chain } of chains) {
    const expected = earlier.filter((it) => it.chain === chain);
    const verdict = await verifyChain(deps, chain, expected);
    const isKnown = chain === AUDIT_REGISTER || registered.has(chain);
    const findings = isKnown ? [] : [{ chain, seq: 0, problem: 'unregistered' } as const];
    verdicts.push({ ...verdict, findings: [...verdict.findings, ...findings] });
  }
  const known = new Set(chains.map(({ chain }) => chain));
  for (const chain of new Set([...registered, ...earlier.map((it) => it.chain)])) {
    if (known.has(chain) || (await deps.audit.readChain(chain)) !== null) continue;
    const findings = [{ chain, seq: 0, problem: 'chain-lost' } as const];
    verdicts.push({ chain, headSeq: 0, headHash: AUDIT_CHAIN_START, findings });
  }
  return verdicts;
}

async function listAllChains(audit: AuditLog): Promise<readonly AuditChain[]> {
  const chains: AuditChain[] = [];
  for (let after: string | null = null, full = true; full;) {
    const page: readonly AuditChain[] = await audit.listChains(after, CHAINS_PER_PAGE);
    chains.push(...page);
    after = page.at(-1)?.chain ?? after;
    full = page.length === CHAINS_PER_PAGE;
  }
  return chains;
}

/** The tenants that have a chain, as the register says; rows of it that lie in objects are not asked. */
async function readRegister(audit: AuditLog): Promise<ReadonlySet<string>> {
  const tenants = new Set<string>();
  for await (const row of readAll(audit, AUDIT_REGISTER, 0)) {
    if (row.action === 'audit.begin') tenants.add((row.subject ?? '').replace(/^tenant:/, ''));
  }
  return tenants;
}

async function* readAll(audit: AuditLog, chain: string, afterSeq: number): AsyncGenerator<AuditRow> {
  for (let after = afterSeq, full = true; full;) {
    const rows = await audit.readRows(chain, after, PAGE);
    yield* rows;
    after = rows.at(-1)?.seq ?? after;
    full = rows.length === PAGE;
  }
}

/** Rows may be pruned while they are read; then they are read again, a few times at most. */
async function verifyChain(
  deps: VerifyAuditDeps,
  chain: string,
  earlier: readonly Pick<AuditVerdict, 'headSeq' | 'headHash'>[],
): Promise<AuditVerdict> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await deps.audit.readChain(chain);
    if (before === null) throw new Error('a chain that was listed is gone');
    const verdict = await verifyFrom(deps, before, earlier);
    const after = await deps.audit.readChain(chain);
    if (after?.prunedSeq === before.prunedSeq || attempt === ATTEMPTS) return verdict;
  }
}

async function verifyFrom(
  deps: VerifyAuditDeps,
  before: AuditChain,
  earlier: readonly Pick<AuditVerdict, 'headSeq' | 'headHash'>[],
): Promise<AuditVerdict> {
  const { chain } = before;
  const start: ChainPosition = { seq: before.prunedSeq, hash: before.prunedHash };
  const noted = new Map(earlier.map((it) => [it.headSeq, it.headHash]));
  const objects = await checkExports(deps, chain, noted);
  // What is here has to meet what lies in objects, and to reach the head.
  const met = new Map([[before.headSeq, before.headHash]]);
  if (objects.end.seq > start.seq) met.set(objects.end.seq, objects.end.hash);
  const here = await checkStored(deps.audit, { chain, start, expected: [noted, met] });
  const findings = [...objects.findings, ...here.findings];
  const find = (seq: number, problem: AuditFinding['problem']) => findings.push({ chain, seq, problem });
  if (objects.end.seq < before.exportedSeq) find(before.exportedSeq, 'object-damaged');
  if (start.seq > 0 && !(here.isPruneTold && objects.holds(start))) find(start.seq, 'beginning-lost');
  for (const seq of met.keys()) find(seq, 'cut-short');
  // Whoever appended since the head was read raised it, so rows behind it are an accusation only now.
  const after = await deps.audit.readChain(chain);
  if (here.end.seq > (after?.headSeq ?? 0)) find(here.end.seq, 'added');
  for (const seq of noted.keys()) find(seq, 'rewritten');
  return { chain, headSeq: here.end.seq, headHash: here.end.hash, findings };
}

interface StoredRows {
  readonly chain: string;
  readonly start: ChainPosition;
  /** Hashes that have to be there, by the row's number; those that are, are taken off. */
  readonly expected: readonly Map<number, string>[];
}

async function checkStored(audit: AuditLog, { chain, start, expected }: StoredRows) {
  const findings: AuditFinding[] = [];
  let end = start;
  let isPruneTold = false;
  for (let full = true; full;) {
    const rows = await audit.readRows(chain, end.seq, PAGE);
    const checked = checkRows(end, rows, hashText);
    findings.push(...checked.findings);
    for (const hashes of expected) noteExpected(hashes, rows);
    isPruneTold ||= rows.some((row) => tellsOfPrune(row, start));
    end = checked.end;
    full = rows.length === PAGE;
  }
  return { end, findings, isPruneTold };
}
