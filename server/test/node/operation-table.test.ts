import { type Role, roleAllows, ROLES } from '@scriptorium/shared/roles';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperationSite, type Sent } from '../support/operation-site.ts';
import { OPERATION_TRIALS, type Trial } from '../support/operation-trials.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { startTestNode } from './test-node.ts';

/** An operation as the running server describes it. */
interface Operation {
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

const directory = createTemporaryDirectory('operations');
let node: Awaited<ReturnType<typeof startTestNode>>;
let operations: ReadonlyMap<string, Operation>;
const sites = new Map<Role, OperationSite>();

beforeAll(async () => {
  node = await startTestNode(directory.path);
  operations = await readOperations();
  for (const role of ROLES) sites.set(role, await OperationSite.open(node, role));
});
afterAll(async () => {
  await node.stop();
  directory.remove();
});

async function readOperations(): Promise<ReadonlyMap<string, Operation>> {
  const answer = await fetch(`http://127.0.0.1:${node.port}/openapi.json`);
  const { paths } = (await answer.json()) as Description;
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, { method, path }] as const),
    ),
  );
}

/** Calls an operation; its answer, of a stream that never ends the beginning alone. */
async function call(id: string, sent: Sent, token: string | null) {
  const { method, path } = operations.get(id) ?? { method: 'get', path: '/nowhere' };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_braces, name: string) => encodeURIComponent(sent.path?.[name] ?? 'x'));
  const query = new URLSearchParams(sent.query).toString();
  const response = await fetch(`http://127.0.0.1:${node.port}${filled}${query === '' ? '' : `?${query}`}`, {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(sent.body !== undefined && { 'content-type': sent.type ?? 'application/json' }),
    },
    ...(sent.body !== undefined && { body: typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body) }),
  });
  const isEndless = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (isEndless) await response.body?.cancel();
  return { status: response.status, text: isEndless ? '' : await response.text() };
}

/** What came of a call, in words. */
async function describeOutcome(id: string, { needs, prepare }: Trial, role: Role): Promise<string> {
  const site = sites.get(role);
  if (site === undefined) throw new Error(`there is no site for ${role}`);
  const { status, text } = await call(id, await prepare(site), needs.kind === 'anybody' ? null : site.token);
  if (status === 403) return `refused${text.includes('"forbidden"') ? '' : ` with ${text}`}`;
  if (status >= 400) return `${status} ${text}`;
  if (needs.kind !== 'within') return 'done';
  return (await needs.tells(site, text)) ? 'done' : 'told nothing';
}

function expected({ needs }: Trial, role: Role): string {
  if (needs.kind === 'known' || needs.kind === 'anybody') return 'done';
  if (roleAllows(role, needs.action)) return 'done';
  return needs.kind === 'action' ? 'refused' : 'told nothing';
}

describe('[AUTH101] every operation of the API is under an action of the table', () => {
  it('none that the running server describes is missing here, and none here is missing there', () => {
    expect(Object.keys(OPERATION_TRIALS).toSorted()).toEqual([...operations.keys()].toSorted());
  });

  it.each(Object.keys(OPERATION_TRIALS))('[AUTH263] %s, by each role', async (id) => {
    for (const trial of OPERATION_TRIALS[id] ?? []) {
      const outcomes: (readonly [Role, string])[] = [];
      for (const role of ROLES) outcomes.push([role, await describeOutcome(id, trial, role)]);
      expect(outcomes).toEqual(ROLES.map((role) => [role, expected(trial, role)]));
    }
  });

  it('[AUTH263] without a token none is done but those that are open on purpose', async () => {
    for (const [id, [trial]] of Object.entries(OPERATION_TRIALS)) {
      const isOpen = trial?.needs.kind === 'anybody';
      if (!isOpen) expect([id, (await call(id, {}, null)).status]).toEqual([id, 401]);
    }
  });
});
