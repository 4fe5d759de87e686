import type { Command } from 'commander';
import type { PublicationView, RestoredView, VersionListView, VersionView } from '@scriptorium/shared/version-schemas';
import {
  addServerOptions,
  connectToServer,
  pathOf,
  sendBody,
  type ApiConnection,
  type ServerOptions,
} from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';

/** `scriptorium versions`: names states of a document, goes back to them, and publishes them. */
export function addVersionsCommand(program: Command, deps: CliDeps): void {
  const versions = program.command('versions').description("A document's versions");
  addServerOptions(versions.command('list <name>').description('List all versions, the newest first')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      const all: VersionView[] = [];
      for await (const it of listVersions(api, name)) {
        if (options.json) all.push(it);
        else deps.print(`${it.id}\t${it.seq}\t${it.kind}\t${it.at}\t${it.label ?? ''}`);
      }
      if (options.json) deps.print(JSON.stringify(all));
    },
  );
  addServerOptions(versions.command('create <name>').description('Name the newest state, or an earlier one'))
    .requiredOption('--label <text>', 'what to call it')
    .option('--at <seq>', 'row of the log')
    .action(async (name: string, { label, at, ...options }: ServerOptions & { label: string; at?: string }) => {
      const api = await connectToServer(deps, options);
      const body = sendBody('POST', { label, ...(at !== undefined && { at }) });
      const version = await api.sendJson<VersionView>(`${pathOf(name)}/versions`, body);
      deps.print(options.json ? JSON.stringify(version) : version.id);
    });
  addChangeCommands(versions, deps);
  addPublicationCommands(versions, deps);
}

function addChangeCommands(versions: Command, deps: CliDeps): void {
  const pathOfVersion = (name: string, version: string): string =>
    `${pathOf(name)}/versions/${encodeURIComponent(version)}`;
  addServerOptions(versions.command('rename <name> <version>').description('Call a version otherwise'))
    .requiredOption('--label <text>', 'what to call it')
    .action(async (name: string, version: string, { label, ...options }: ServerOptions & { label: string }) => {
      const api = await connectToServer(deps, options);
      const view = await api.sendJson<VersionView>(pathOfVersion(name, version), sendBody('PATCH', { label }));
      deps.print(options.json ? JSON.stringify(view) : `called ${view.label ?? ''}`);
    });
  addServerOptions(versions.command('remove <name> <version>').description('Forget a version; its state stays')).action(
    async (name: string, version: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      await api.send(pathOfVersion(name, version), { method: 'DELETE' });
      deps.print(options.json ? JSON.stringify({ removed: version }) : `removed ${version}`);
    },
  );
  addServerOptions(
    versions.command('restore <name> <version>').description('Make a document what it was at a version or row'),
  ).action(async (name: string, version: string, options: ServerOptions) => {
    const api = await connectToServer(deps, options);
    const restored = await api.sendJson<RestoredView>(`${pathOfVersion(name, version)}/restore`, { method: 'POST' });
    const line = restored.changed ? `restored as row ${restored.seq}` : 'it was like that already';
    deps.print(options.json ? JSON.stringify(restored) : line);
  });
}

function addPublicationCommands(versions: Command, deps: CliDeps): void {
  addServerOptions(versions.command('publish <name>').description('Publish the newest state, or an earlier one'))
    .option('--at <point>', 'a row or a version')
    .option('--title <text>', 'title of the page')
    .action(async (name: string, { at, title, ...options }: ServerOptions & { at?: string; title?: string }) => {
      const api = await connectToServer(deps, options);
      const body = { ...(at !== undefined && { at }), ...(title !== undefined && { title }) };
      const view = await api.sendJson<PublicationView>(`${pathOf(name)}/publication`, sendBody('PUT', body));
      deps.print(options.json ? JSON.stringify(view) : view.path);
    });
  addServerOptions(versions.command('unpublish <name>').description('Take the published page away')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      await api.send(`${pathOf(name)}/publication`, { method: 'DELETE' });
      deps.print(options.json ? JSON.stringify({ unpublished: name }) : `unpublished ${name}`);
    },
  );
}

async function* listVersions(api: ApiConnection, name: string): AsyncGenerator<VersionView> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: '100', ...(cursor !== null && { cursor }) });
    const page: VersionListView = await api.sendJson<VersionListView>(`${pathOf(name)}/versions?${query.toString()}`);
    yield* page.versions;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
