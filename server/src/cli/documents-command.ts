import type { Command } from 'commander';
import type { DocumentListView, DocumentView } from '@scriptorium/shared/rest-schemas';
import {
  addServerOptions,
  connectToServer,
  pathOf,
  sendBody,
  type ApiConnection,
  type ServerOptions,
} from './api-connection.ts';
import type { CliDeps } from './command-ground.ts';
import { addContentCommands } from './content-commands.ts';

/** `scriptorium documents`: what there is on a running server, and what is in it. */
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
  addServerOptions(documents.command('create <name>').description('Make a document, empty or as a copy of another'))
    .option('--from <document>', 'begin as a copy of this one')
    .option('--at <point>', 'as it was at a row or a version')
    .option('--title <text>', 'what people call it')
    .action(async (name: string, { from, at, title, ...options }: ServerOptions & CreateOptions) => {
      const api = await connectToServer(deps, options);
      const copy = from === undefined ? {} : { from: { document: from, ...(at !== undefined && { at }) } };
      const body = { name, ...copy, ...(title !== undefined && { title }) };
      const document = await api.sendJson<DocumentView>('/documents', sendBody('POST', body));
      deps.print(options.json ? JSON.stringify(document) : `created ${document.name}`);
    });
  addServerOptions(documents.command('rename <name> <new-name>').description('Give a document another name')).action(
    async (name: string, newName: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      const document = await api.sendJson<DocumentView>(pathOf(name), sendBody('PATCH', { name: newName }));
      deps.print(options.json ? JSON.stringify(document) : `renamed to ${document.name}`);
    },
  );
  addContentCommands(documents, deps);
  addServerOptions(documents.command('delete <name>').description('Delete a document')).action(
    async (name: string, options: ServerOptions) => {
      const api = await connectToServer(deps, options);
      await api.send(pathOf(name), { method: 'DELETE' });
      deps.print(options.json ? JSON.stringify({ deleted: name }) : `deleted ${name}`);
    },
  );
}

interface CreateOptions {
  readonly from?: string;
  readonly at?: string;
  readonly title?: string;
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

/** Metadata is not a word. */
function toText(value: DocumentView[keyof DocumentView]): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
