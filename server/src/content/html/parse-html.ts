import { Parser } from 'htmlparser2';
import type { ContentNode } from '../content-node.ts';
import { normaliseContent } from '../normalise-content.ts';
import { meaningOf, type ElementMeaning, type HtmlAttributes } from './html-elements.ts';
import { ContentBuilder } from './content-builder.ts';

/** How the name of a code block's language stands in a class. */
const LANGUAGE = /(?:^|\s)language-([^\0]+)$/;

/**
 * Reads HTML as content that fits the editor's schema, in time that grows with its length: what the schema has no
 * node for leaves its text, what runs (scripts, handlers, `javascript:` addresses) leaves nothing.
 *
 * Throws `limit-exceeded` when it is nested too deeply.
 */
export function parseHtml(html: string): ContentNode {
  const builder = new ContentBuilder();
  const parser = createHtmlParser(builder);
  parser.write(html.toWellFormed().replaceAll('\0', '\ufffd'));
  parser.end();
  return normaliseContent(builder.finish());
}

/** A parser that gives what it is fed to a builder; its end closes every element that it opened. */
export function createHtmlParser(builder: ContentBuilder): Pick<Parser, 'write' | 'end'> {
  const reader = new HtmlReader(builder);
  const parser: Parser = new Parser(
    {
      onopentag: (name, attributes) => reader.open(name, attributes),
      // A reference is longer in the source than what it stands for.
      ontext: (text) => reader.text(text, parser.endIndex - parser.startIndex + 1 > text.length),
      onclosetag: (name) => reader.close(name),
    },
    { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
  );
  return parser;
}

/** Keeps track of open elements; what they mean goes to the builder. */
class HtmlReader {
  readonly #builder: ContentBuilder;
  readonly #open: { readonly name: string; readonly meaning: ElementMeaning }[] = [];
  #ignored = 0;

  constructor(builder: ContentBuilder) {
    this.#builder = builder;
  }

  open(name: string, attributes: HtmlAttributes): void {
    const meaning = this.#inCode() ? this.#openInCode(name, attributes) : meaningOf(name, attributes);
    this.#open.push({ name, meaning });
    this.#builder.checkDepth(this.#open.length);
    if (meaning.kind === 'ignored') this.#ignored += 1;
    if (this.#ignored > 0) return;
    if (meaning.kind === 'block') this.#builder.openBlock(meaning.type, meaning.attrs);
    else if (meaning.kind === 'division') this.#builder.endParagraph();
    else if (meaning.kind === 'mark') this.#builder.openMark(meaning.mark);
    else if (meaning.kind === 'void') this.#builder.addVoid(meaning.type);
  }

  text(text: string, exact: boolean): void {
    // In code all white space counts, but for a line feed at the start, however it is written.
    if (this.#ignored === 0) this.#builder.addText(text, exact && !this.#inCode());
  }

  close(name: string): void {
    const last = this.#open.at(-1);
    if (last?.name !== name) return;
    this.#open.pop();
    const { meaning } = last;
    if (meaning.kind === 'ignored') this.#ignored -= 1;
    if (this.#ignored > 0) return;
    if (meaning.kind === 'block') this.#builder.closeBlock();
    else if (meaning.kind === 'division') this.#builder.endParagraph();
    else if (meaning.kind === 'mark') this.#builder.closeMark(meaning.mark.type);
  }

  #inCode(): boolean {
    return this.#builder.blockType === 'codeBlock';
  }

  /** Inside `pre` everything is text; only the language's name counts. */
  #openInCode(name: string, attributes: HtmlAttributes): ElementMeaning {
    const language = LANGUAGE.exec(attributes['class'] ?? '')?.[1];
    if (name === 'code' && language !== undefined) this.#builder.setLanguage(language);
    if (name === 'br') this.#builder.addText('\n');
    return meaningOf(name, {}).kind === 'ignored' ? { kind: 'ignored' } : { kind: 'transparent' };
  }
}
