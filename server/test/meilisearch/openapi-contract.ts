import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Where facts from outside the project lie; they are not ours to keep in it. */
const FIXTURES = process.env['TEST_FIXTURES'] ?? join(import.meta.dirname, '../../../../shared');
const FILE = join(FIXTURES, 'contracts/meilisearch-openapi.json');

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** Holds requests and replies against a published OpenAPI document. */
export interface OpenApiContract {
  /** What is wrong with a request; empty when nothing is. `body` is undefined when there is none. */
  checkRequest(method: string, path: string, body: unknown): readonly string[];
  checkReply(
    request: { readonly method: string; readonly path: string },
    status: number,
    body: unknown,
  ): readonly string[];
}

/** Whether the document is there; says so loudly when it is not. */
export function isContractMissing(): boolean {
  if (existsSync(FILE)) return false;
  if (process.env['CI'] === 'true' && process.env['TEST_FIXTURES'] !== undefined) {
    throw new Error(`TEST_FIXTURES holds no ${FILE}`);
  }
  process.stdout.write(
    "\n*** SKIPPED: Meilisearch's wire contract (its OpenAPI document is not in TEST_FIXTURES) ***\n\n",
  );
  return true;
}

export function loadMeilisearchContract(): OpenApiContract {
  const document = JSON.parse(readFileSync(FILE, 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  for (const format of ['u-int8', 'u-int32', 'u-int', 'u-int64', 'float', 'double']) ajv.addFormat(format, true);
  ajv.addSchema(document, 'meilisearch');
  const compiled = new Map<string, ValidateFunction>();
  const validate = (pointer: string, value: unknown): readonly string[] => {
    const check = compiled.get(pointer) ?? ajv.compile({ $ref: `meilisearch#${pointer}` });
    compiled.set(pointer, check);
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
  const find = (method: string, path: string) => {
    const template = Object.keys(document.paths).find(
      (it) => matches(it, path) && method in (document.paths[it] ?? {}),
    );
    const operation = template === undefined ? undefined : document.paths[template]?.[method];
    if (template === undefined || operation === undefined) return null;
    return { operation, pointer: `/paths/${escapePointer(template)}/${method}` };
  };
  return {
    checkRequest(method, path, body) {
      const found = find(method, path);
      if (found === null) return [`there is no ${method} ${path}`];
      if (found.operation.requestBody === undefined) return body === undefined ? [] : [`${path} takes no body`];
      if (body === undefined) return [`${path} needs a body`];
      return validate(`${found.pointer}/requestBody/content/application~1json/schema`, body);
    },
    checkReply({ method, path }, status, body) {
      const found = find(method, path);
      const reply = found?.operation.responses[status];
      if (found === null || reply === undefined) return [`${method} ${path} never answers ${status}`];
      if (reply.content === undefined) return [];
      return validate(`${found.pointer}/responses/${status}/content/application~1json/schema`, body);
    },
  };
}

function matches(template: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = template.split('/');
  return parts.length === wanted.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at]);
}

function escapePointer(path: string): string {
  return encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));
}
