import type { BlameView, DiffView, HistoryView } from '@scriptorium/shared/history-schemas';
import { createCallRest, type RestClientOptions } from './rest-call.ts';
import { HISTORY_OPERATIONS } from './rest-operations-history.ts';

/** A point of a document's past: the number of a row, or the id of a version. */
type Point = string | number;

/** An answer with the entity tag that it is known by, to be sent along with the next question; `null` when it is still so. */
type Known<T> = (T & { readonly etag: string }) | null;

interface Knowing {
  /** Tag of the answer that is known. */
  readonly etag?: string;
}

interface Span extends Knowing {
  readonly from: Point;
  /** The newest row when absent. */
  readonly to?: Point;
}

/** Tells who wrote what, and when. The content of a past state is `readContent` with `at`. Calls reject with a `RestError`. */
export interface HistoryClient {
  /** The newest sittings first; `before` is `earlier` of the page before, `pause` the minutes that end a sitting. */
  readHistory(
    name: string,
    page?: Knowing & { readonly before?: number; readonly rows?: number; readonly pause?: number },
  ): Promise<Known<HistoryView>>;
  /** What differs between two states, and who did it. */
  compareStates(name: string, span: Span): Promise<Known<DiffView>>;
  /** The same to be shown, with `ins`, `del` and `data-author`. */
  compareStatesAsHtml(name: string, span: Span): Promise<Known<{ readonly html: string }>>;
  /** Who wrote each stretch of a state, of the newest one without `at`. */
  readBlame(name: string, state?: Knowing & { readonly at?: Point }): Promise<Known<BlameView>>;
}

/** Talks to one server on behalf of a program. */
export function createHistoryClient(options: RestClientOptions): HistoryClient {
  const call = createCallRest(HISTORY_OPERATIONS, options);
  const ask = async <T extends object>(
    operation: keyof typeof HISTORY_OPERATIONS,
    question: {
      readonly name: string;
      readonly etag: string | undefined;
      readonly query: Readonly<Record<string, Point | undefined>>;
    },
    read: (response: Response) => Promise<T>,
  ): Promise<Known<T>> => {
    const { name, etag, query } = question;
    const headers = { 'if-none-match': etag };
    const response = await call(operation, { parameters: { name }, query, headers });
    if (response.status === 304) return null;
    return { ...(await read(response)), etag: response.headers.get('etag') ?? '' };
  };
  const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;
  return {
    readHistory: (name, { etag, ...query } = {}) => ask('readHistory', { name, etag, query }, json<HistoryView>),
    compareStates: (name, { etag, ...query }) => ask('compareStates', { name, etag, query }, json<DiffView>),
    compareStatesAsHtml: (name, { etag, ...query }) =>
      ask('compareStates', { name, etag, query: { ...query, format: 'html' } }, async (response) => ({
        html: await response.text(),
      })),
    readBlame: (name, { etag, ...query } = {}) => ask('readBlame', { name, etag, query }, json<BlameView>),
  };
}
