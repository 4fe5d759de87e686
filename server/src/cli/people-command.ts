import { ERASED_CONTENTS, type ErasureView } from '@scriptorium/shared/erasure-schemas';
import { type Command, Option } from 'commander';
import { createSystemClock } from '../adapters/system/clock.ts';
import { addServerOptions, type ApiConnection, connectToServer, type ServerOptions } from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { pause } from './keeping-clock.ts';
import { createProgress } from './progress.ts';

interface EraseOptions extends ServerOptions {
  readonly content: string;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly timeout: string;
}

/** Milliseconds between two looks at how far an erasure is: seldom enough for the limit on requests. */
const LOOK = 1_000;

/** `scriptorium people`: erases people on a running server, and lets them in again. */
export function addPeopleCommand(program: Command, deps: CliDeps): void {
  const people = program.command('people').description('Erase people of a tenant on a running server');
  addServerOptions(
    people
      .command('erase <id>')
      .description('Put a pseudonym in the place of an id everywhere. Cannot be undone')
      .addOption(
        new Option('--content <policy>', 'what they wrote stays, or documents that only they wrote are erased too')
          .choices(ERASED_CONTENTS)
          .default('keep'),
      )
      .option('--yes', 'needed, since it cannot be undone')
      .option('--no-wait', 'end as soon as it has begun')
      .option('--timeout <seconds>', 'how long to wait for the end', '3600'),
  ).action((id: string, options: EraseOptions) => erase(deps, id, options));
  addServerOptions(people.command('status <id>').description('Show how far the erasure of a person is')).action(
    async (id: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      print(deps, options, await api.sendJson<ErasureView>(pathOf(id)));
    },
  );
  addServerOptions(people.command('readmit <id>').description('Let a person in again, who begins anew')).action(
    async (id: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      await api.send(pathOf(id), { method: 'DELETE' });
      deps.print(options.json === true ? JSON.stringify({ readmitted: true }) : 'readmitted');
    },
  );
}

async function erase(deps: CliDeps, id: string, options: EraseOptions): Promise<void> {
  const seconds = Number(options.timeout);
  if (!(seconds > 0)) throw new CliError('--timeout must be a number of seconds', EXIT.usage);
  if (options.yes !== true)
    throw new CliError(`this cannot be undone: say --yes to erase ${id} from the tenant`, EXIT.usage);
  const api = await connectToServer(deps, options);
  const path = `${pathOf(id)}?content=${options.content}`;
  const begun = await api.sendJson<ErasureView>(path, { method: 'POST' });
  print(deps, options, options.wait ? await waitForEnd(api, begun, seconds * 1_000) : begun);
}

/** By the record's own id, so that the id of the person is sent once. */
async function waitForEnd(api: ApiConnection, begun: ErasureView, milliseconds: number): Promise<ErasureView> {
  const clock = createSystemClock();
  const progress = createProgress(process.stderr);
  const end = clock.monotonic() + milliseconds;
  try {
    for (let erasure = begun; ;) {
      if (erasure.finishedAt !== null) return erasure;
      if (clock.monotonic() >= end)
        throw new CliError(`${erasure.id} is not finished yet; the server goes on with it`, EXIT.failed);
      const { documents = 0, passes = 0 } = erasure.counts;
      progress.show(`pass ${Math.max(1, passes)}, looked at ${documents} documents`);
      await pause(LOOK);
      erasure = await api.sendJson<ErasureView>(`/erasures/${erasure.id}`);
    }
  } finally {
    progress.end();
  }
}

function print(deps: CliDeps, { json }: ServerOptions, erasure: ErasureView): void {
  if (json === true) deps.print(JSON.stringify(erasure));
  else {
    const { id, pseudonym, finishedAt, counts } = erasure;
    const state = finishedAt === null ? 'under way' : `finished ${finishedAt}`;
    const facts = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
    deps.print([id, state, pseudonym ?? '', ...facts].join('  '));
  }
}

function pathOf(id: string): string {
  return `/users/${encodeURIComponent(id)}/erasure`;
}
