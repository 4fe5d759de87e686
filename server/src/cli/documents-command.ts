import type { Command } from 'commander';
import type { DocumentListView, DocumentView } from '@scriptorium/shared/rest-schemas';
import type { RestoredView, VersionListView, VersionView } from '@scriptorium/shared/version-schemas';
import { addServerOptions, connectToServer, pathOf, type ApiConnection, type ServerOptions } from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';

/** `scriptorium documents`: lists, shows and deletes documents of a running server. */
export function addDocumentsCommand(program: Command, deps: CliDeps): void {
  const documents = program.command('documents').description('Documents of a running server');
  addServerOptions(documents.command('list').description('List documents by name'))
    .option('--prefix <text>', 'only names that start with this text', '')
    .action(async (options: ServerOptions & { readonly prefix: string }) => {
      const api = await connectToServer(deps, options);
      const all: DocumentView[] = [];
      for await (const document of listDocuments(api, options.prefix)) {
        if (options.json) all.push(document);
        else deps.print(`${document.name}\t${document.seq}\t${document.updatedAt}`);
      }
      if (options.json) deps.print(JSON.stringify(all));
    });
  addServerOptions(documents.command('show <name>').description('Show what the catalog knows of a document')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      const document = await api.sendJson<DocumentView>(pathOf(name));
      if (options.json) deps.print(JSON.stringify(document));
      else for (const [key, value] of Object.entries(document)) deps.print(`${key}\t${toText(value)}`);
    },
  );
  addServerOptions(documents.command('delete <name>').description('Delete a document')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      await api.send(pathOf(name), { method: 'DELETE' });
      deps.print(options.json ? JSON.stringify({ deleted: name }) : `deleted ${name}`);
    },
  );
}

async function* listDocuments(api: ApiConnection, prefix: string): AsyncGenerator<DocumentView> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ prefix, limit: '100', ...(cursor !== null && { cursor }) });
    const page: DocumentListView = await api.sendJson<DocumentListView>(`/documents?${query.toString()}`);
    yield* page.documents;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** `scriptorium versions`: lists, names and restores versions of a document. */
export function addVersionsCommand(program: Command, deps: CliDeps): void {
  const versions = program.command('versions').description("A document's versions");
  addServerOptions(versions.command('list <name>').description('List the newest versions')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      const { versions: found } = await api.sendJson<VersionListView>(`${pathOf(name)}/versions?limit=100`);
      if (options.json) deps.print(JSON.stringify(found));
      else for (const it of found) deps.print(`${it.id}\t${it.seq}\t${it.kind}\t${it.at}\t${it.label ?? ''}`);
    },
  );
  addServerOptions(versions.command('create <name>').description('Name the newest state, or an earlier one'))
    .requiredOption('--label <text>', 'what to call it')
    .option('--at <seq>', 'row of the log')
    .action(async (name: string, { label, at, ...options }: ServerOptions & { label: string; at?: string }) => {
      const api = await connectToServer(deps, options);
      const version = await api.sendJson<VersionView>(`${pathOf(name)}/versions`, post({ label, ...(at && { at }) }));
      deps.print(options.json ? JSON.stringify(version) : version.id);
    });
  addServerOptions(
    versions.command('restore <name> <version>').description('Make a document what it was at a version or row'),
  ).action(async (name: string, version: string, options: ServerOptions) => {
    const api = await connectToServer(deps, options);
    const path = `${pathOf(name)}/versions/${encodeURIComponent(version)}/restore`;
    const restored = await api.sendJson<RestoredView>(path, { method: 'POST' });
    const line = restored.changed ? `restored as row ${restored.seq}` : 'it was like that already';
    deps.print(options.json ? JSON.stringify(restored) : line);
  });
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Metadata is not a word. */
function toText(value: DocumentView[keyof DocumentView]): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
