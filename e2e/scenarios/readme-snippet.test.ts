import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../support/child-process.ts';
import { extractSnippet, importedPackages } from '../support/readme-snippet.ts';
import { callRest, readCommitted, readField } from '../support/rest-client.ts';
import { ROOT, type ServerSite, createServerSite } from '../support/scriptorium-server.ts';
import { waitUntil } from '../support/wait-until.ts';

/** What a reader may install besides Node: the README's lines may need nothing else. */
const ALLOWED_PACKAGES = ['yjs', '@hocuspocus/provider', 'y-websocket'];
const LINES = 10;

describe('the lines that the README gives to connect a plain Yjs client', () => {
  let site: ServerSite;
  let project: string;
  beforeAll(async () => {
    site = await createServerSite();
    // As a newcomer starts it: no secret, so people sign in by name.
    await site.start({ env: { JWT_SECRET: '' } });
    project = await mkdtemp(join(tmpdir(), 'another-project-'));
  });
  afterAll(async () => {
    await site.dispose();
    await rm(project, { recursive: true, force: true });
  });

  it('[OPS59] work as they stand in a project that has only what they import', { timeout: 60_000 }, async () => {
    const snippet = extractSnippet(await readFile(join(ROOT, 'README.md'), 'utf8'), 'plain Yjs');
    expect(snippet.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(LINES);
    const packages = importedPackages(snippet);
    expect(ALLOWED_PACKAGES).toEqual(expect.arrayContaining([...packages]));
    await createProject(packages, snippet.replaceAll('127.0.0.1:8787', `127.0.0.1:${site.port}`));

    const token = await signIn();
    const child = startChild({ command: process.execPath, args: ['index.mjs'], cwd: project, env: { TOKEN: token } });
    try {
      await waitUntil(async () => (await listWritten(token)).length > 0, {
        what: 'the snippet writes into a document',
        timeoutMs: 20_000,
        seen: child.output,
      });
      await waitUntil(() => child.output().includes('saved'), {
        what: 'the snippet reads "saved"',
        seen: child.output,
      });
      expect(child.output()).not.toMatch(/error/i);
    } finally {
      await child.kill();
    }
  });

  async function createProject(packages: readonly string[], snippet: string): Promise<void> {
    for (const name of packages) {
      const target = join(project, 'node_modules', name);
      await mkdir(dirname(target), { recursive: true });
      await symlink(await realpath(join(ROOT, 'e2e/node_modules', name)), target);
    }
    await writeFile(join(project, 'package.json'), '{ "type": "module" }');
    await writeFile(join(project, 'index.mjs'), snippet);
  }

  async function signIn(): Promise<string> {
    const answer = await callRest(`${site.url}/v1/dev/sign-in`, { method: 'POST', body: { name: 'Reader' } });
    const token = readField(answer.body, 'token');
    if (typeof token !== 'string') throw new Error(`no token: ${answer.status}`);
    return token;
  }

  /** Names of documents that hold something. */
  async function listWritten(token: string): Promise<string[]> {
    const answer = await callRest(`${site.url}/v1/documents`, { token });
    const documents = readField(answer.body, 'documents');
    const written: string[] = [];
    for (const document of Array.isArray(documents) ? documents : []) {
      const name = String(readField(document, 'name'));
      const doc = await readCommitted(site.url, name, token);
      if (doc.store.clients.size > 0) written.push(name);
    }
    return written;
  }
});
