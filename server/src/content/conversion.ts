import { ScriptoriumError } from '../core/errors.ts';
import { applyChanges, type ChangesOutcome, type ChangesRequest } from './changes/apply-changes.ts';
import { replaceContent, type ReplaceTarget } from './edit/replace-content.ts';
import { readDocx } from './files/read-docx.ts';
import { renderDocx } from './files/render-docx.ts';
import { mergeRows } from './history/merge-rows.ts';
import { answerPast, type PastQuestion } from './history/answer-past.ts';
import type { HistoryRow } from './history/authorship.ts';
import { parseHtml } from './html/parse-html.ts';
import { renderHtml } from './html/render-html.ts';
import { parseMarkdown } from './markdown/parse-markdown.ts';
import { renderMarkdown } from './markdown/render-markdown.ts';
import { parseJson } from './parse-json.ts';
import { renderJson } from './render-json.ts';
import { renderText } from './render-text.ts';
import { readSearchText } from './search-text.ts';

export type RenderFormat = 'json' | 'markdown' | 'html' | 'text' | 'docx';

/** What can be asked of a conversion; plain values and bytes, so that it can cross to another thread. */
export type ConversionRequest =
  | { readonly kind: 'render'; readonly state: Uint8Array; readonly format: RenderFormat }
  /** A body that replaces a document's content; see `replaceContent`. */
  | {
      readonly kind: 'replace';
      readonly base: Uint8Array;
      readonly format: RenderFormat;
      readonly body: Uint8Array;
      readonly clientId: number;
    }
  /** Operations on a document; see `applyChanges`. */
  | ({ readonly kind: 'change' } & ChangesRequest)
  | {
      readonly kind: 'merge';
      readonly base: Uint8Array | null;
      readonly rows: readonly Pick<HistoryRow, 'segments'>[];
    }
  /** What can be searched of a state (`SearchText`), as JSON; the state as updates in order. */
  | { readonly kind: 'search-text'; readonly parts: readonly Uint8Array[] }
  | PastQuestion;

/** Bytes of a rendering (UTF-8 where it is text), an update, or a state; `null` when there is nothing to change. */
export type ConversionResult<R extends ConversionRequest = ConversionRequest> = R extends { readonly kind: 'change' }
  ? ChangesOutcome
  : Uint8Array | null;

const utf8 = new TextEncoder();

/** Carries out a conversion here and now. Throws as what it calls does. */
export function runConversion<R extends ConversionRequest>(request: R): Promise<ConversionResult<R>> {
  // Each case gives what its kind stands for.
  return carryOut(request) as Promise<ConversionResult<R>>;
}

async function carryOut(request: ConversionRequest): Promise<ConversionResult> {
  switch (request.kind) {
    case 'render':
      return renderState(request.state, request.format);
    case 'replace': {
      const target = await readTarget(request.body, request.format);
      return replaceContent({ base: request.base, target, clientId: request.clientId });
    }
    case 'change':
      return applyChanges(request);
    case 'merge':
      return mergeRows(request.base, request.rows);
    case 'search-text':
      return utf8.encode(JSON.stringify(readSearchText(request.parts)));
    case 'past-state':
    case 'past-diff':
    case 'past-blame':
    case 'past-restore':
    case 'past-sittings':
      return answerPast(request);
  }
}

async function renderState(state: Uint8Array, format: RenderFormat): Promise<Uint8Array> {
  switch (format) {
    case 'json':
      return utf8.encode(JSON.stringify(renderJson(state)));
    case 'text':
      return utf8.encode(renderText(state));
    case 'markdown':
      return utf8.encode(renderMarkdown(parseJson(renderJson(state)).doc));
    case 'html':
      return utf8.encode(renderHtml(parseJson(renderJson(state)).doc));
    case 'docx':
      return renderDocx(parseJson(renderJson(state)).doc);
  }
}

async function readTarget(body: Uint8Array, format: RenderFormat): Promise<ReplaceTarget> {
  switch (format) {
    case 'json':
      return { kind: 'json', ...parseJson(readJsonText(decode(body))) };
    case 'text':
      return { kind: 'text', text: decode(body) };
    case 'markdown':
      return { kind: 'rich', doc: parseMarkdown(decode(body)) };
    case 'html':
      return { kind: 'rich', doc: parseHtml(decode(body)) };
    case 'docx':
      return { kind: 'rich', doc: await readDocx(body) };
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new ScriptoriumError('invalid-content', 'the body is not UTF-8', { cause: error });
  }
}

function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ScriptoriumError('invalid-content', 'the body is not JSON', { cause: error });
  }
}
