import type {
  PublicationListView,
  PublicationView,
  RestoredView,
  VersionListView,
  VersionView,
} from '@scriptorium/shared/version-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { VERSION_OPERATIONS } from './rest-operations.ts';
import { toHeaders, type WriteOptions } from './write-options.ts';

/** A point of a document's past: the number of a row, or the id of a version. */
type Point = string | number;

/** Names states of documents, goes back to them, and publishes them. Calls reject with a `RestError`. */
export interface VersionClient {
  listVersions(
    name: string,
    page?: { readonly cursor?: string; readonly limit?: number; readonly kind?: VersionView['kind'] },
  ): Promise<VersionListView>;
  /** Names the newest state, or an earlier one. */
  createVersion(
    name: string,
    version: { readonly label: string; readonly at?: Point },
    options?: WriteOptions,
  ): Promise<VersionView>;
  readVersion(name: string, version: string): Promise<VersionView>;
  /** `version` is the id of the one that gets another label. */
  labelVersion(
    name: string,
    change: { readonly version: string; readonly label: string },
    options?: WriteOptions,
  ): Promise<VersionView>;
  removeVersion(name: string, version: string, options?: WriteOptions): Promise<void>;
  /** What others write meanwhile stays, unless `ifMatch` names the state that is to be left. */
  restoreVersion(name: string, point: Point, options?: WriteOptions): Promise<RestoredView>;
  publishDocument(
    name: string,
    edition?: { readonly at?: Point; readonly title?: string },
    options?: WriteOptions,
  ): Promise<PublicationView>;
  readPublication(name: string): Promise<PublicationView>;
  withdrawPublication(name: string, options?: WriteOptions): Promise<void>;
  listPublications(page?: { readonly cursor?: string; readonly limit?: number }): Promise<PublicationListView>;
}

/** Talks to one server on behalf of a program. */
export function createVersionClient(options: RestClientOptions): VersionClient {
  const call = createCallRest(VERSION_OPERATIONS, options);
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  return {
    listVersions: (name, page = {}) => json(call('listVersions', { parameters: { name }, query: page })),
    createVersion: (name, { label, at }, demands) =>
      json(
        call('createVersion', { parameters: { name }, body: { label, ...pointOf(at) }, headers: toHeaders(demands) }),
      ),
    readVersion: (name, version) => json(call('readVersion', { parameters: { name, version } })),
    labelVersion: (name, { version, label }, demands) =>
      json(call('labelVersion', { parameters: { name, version }, body: { label }, headers: toHeaders(demands) })),
    removeVersion: async (name, version, demands) => {
      await call('removeVersion', { parameters: { name, version }, headers: toHeaders(demands) });
    },
    restoreVersion: (name, point, demands) =>
      json(call('restoreVersion', { parameters: { name, version: String(point) }, headers: toHeaders(demands) })),
    publishDocument: (name, { at, title } = {}, demands) => {
      const body = { ...pointOf(at), ...(title !== undefined && { title }) };
      return json(call('publishDocument', { parameters: { name }, body, headers: toHeaders(demands) }));
    },
    readPublication: (name) => json(call('readPublication', { parameters: { name } })),
    withdrawPublication: async (name, demands) => {
      await call('withdrawPublication', { parameters: { name }, headers: toHeaders(demands) });
    },
    listPublications: (page = {}) => json(call('listPublications', { query: page })),
  };
}

function pointOf(at: Point | undefined): { readonly at?: string } {
  return at === undefined ? {} : { at: String(at) };
}
