import { readFile } from 'node:fs/promises';
import { AUDIT_REGISTER, type AuditRow } from '@scriptorium/shared/audit-chain';
import type { Command } from 'commander';
import { z } from 'zod';
import { createToldAudit } from '../access/told-audit.ts';
import { openStores, type Stores } from '../compose-stores.ts';
import { createAuditExporter } from '../workers/audit-exporter.ts';
import { type AuditVerdict, verifyAudit } from '../workers/verify-audit.ts';
import { type CliDeps, createCommandGround } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';

const PAGE = 1_000;

/** `scriptorium audit`: reads the audit log, checks it, and exports it. */
export function addAuditCommand(program: Command, deps: CliDeps): void {
  const audit = program.command('audit').description('Read, check and export the audit log');
  audit.addHelpText('after', '\nAn embedded store is read while its server is stopped.');
  audit
    .command('verify')
    .description(
      'Check every row of every chain, in the database and in objects; exit code 1 when anything was tampered with',
    )
    .option('--against <file>', 'what `audit verify --json` printed earlier, kept where nobody could change it')
    .option('--json', 'print an object')
    .action((options: { readonly against?: string; readonly json?: boolean }) => verify(deps, options));
  audit
    .command('list')
    .description("Print a tenant's rows that are in the database, oldest first")
    .option('--tenant <tenant>', 'tenant', 'default')
    .option('--after <seq>', 'only rows above this number', '0')
    .option('--json', 'print a line of JSON for each row')
    .action((options: ListOptions) => list(deps, options));
  audit
    .command('export')
    .description('Write what was not exported yet into objects of S3_BUCKET now; a running server does so every hour')
    .action(() => exportNow(deps));
}

interface ListOptions {
  readonly tenant: string;
  readonly after: string;
  readonly json?: boolean;
}

async function withStores<T>(deps: CliDeps, action: (stores: Stores) => Promise<T>): Promise<T> {
  const stores = await openStores(createCommandGround(deps));
  try {
    return await action(stores);
  } finally {
    await stores.fanOut.drain(1_000);
    await stores.service.drain(1_000);
  }
}

const earlierSchema = z.object({
  chains: z.array(z.object({ chain: z.string(), headSeq: z.number(), headHash: z.string() })),
});

async function verify(deps: CliDeps, options: { readonly against?: string; readonly json?: boolean }): Promise<void> {
  const earlier = options.against === undefined ? [] : await readEarlier(options.against);
  const chains = await withStores(deps, (stores) => verifyAudit(stores, earlier));
  const findings = chains.flatMap((verdict) => verdict.findings);
  if (options.json) deps.print(JSON.stringify({ ok: findings.length === 0, chains }));
  else for (const verdict of chains) for (const line of describe(verdict)) deps.print(line);
  if (findings.length > 0) throw new CliError(`${findings.length} findings: the audit log was tampered with`);
}

async function readEarlier(path: string): Promise<readonly { chain: string; headSeq: number; headHash: string }[]> {
  try {
    return earlierSchema.parse(JSON.parse(await readFile(path, 'utf8'))).chains;
  } catch {
    throw new CliError(`${path} is not what \`audit verify --json\` printed`, EXIT.usage);
  }
}

function describe({ chain, headSeq, headHash, findings }: AuditVerdict): readonly string[] {
  const who = chain === AUDIT_REGISTER ? 'register of chains' : `tenant ${chain}`;
  const verdict = findings.length === 0 ? 'ok' : `${findings.length} findings`;
  const lines = findings.map(({ seq, problem }) => `  row ${seq}: ${problem}`);
  return [`${who}: ${headSeq} rows, ${verdict}, ends with ${headHash}`, ...lines];
}

async function list(deps: CliDeps, options: ListOptions): Promise<void> {
  const start = Number(options.after);
  if (!Number.isSafeInteger(start) || start < 0) throw new CliError('--after must be the number of a row', EXIT.usage);
  await withStores(deps, async ({ audit, erasedPeople: people }) => {
    const told = createToldAudit({ audit, people });
    for (let after = start, full = true; full;) {
      const rows = await told.readRows(options.tenant, after, PAGE);
      for (const row of rows) deps.print(options.json ? JSON.stringify(row) : describeRow(row));
      after = rows.at(-1)?.seq ?? after;
      full = rows.length === PAGE;
    }
  });
}

function describeRow({ seq, at, actor, action, document, subject, detail }: AuditRow): string {
  const words = [document, subject, detail === '{}' ? null : detail].filter((word) => word !== null);
  return [seq, new Date(at).toISOString(), actor, action, ...words].join(' ');
}

async function exportNow(deps: CliDeps): Promise<void> {
  const ground = createCommandGround(deps);
  if (ground.config.stores.objects === null) throw new CliError('S3_BUCKET is not set', EXIT.usage);
  await withStores(deps, async (stores) => {
    const exporter = createAuditExporter({ ...ground, ...stores, keepFor: ground.config.stores.auditKeptFor });
    await exporter.run();
    await exporter.drain(0);
  });
  deps.print('exported');
}
