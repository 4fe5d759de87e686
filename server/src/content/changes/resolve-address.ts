import type { ChangePlace, ChangeRange } from '@scriptorium/shared/change-schemas';
import * as Y from 'yjs';
import { findRoots } from '../read-state.ts';
import { RICH_TEXT_ROOT } from '../render-json.ts';
import { findTextBlock } from './find-block.ts';
import { RefusedChange } from './refused-change.ts';
import { findTextBlocks, readStretches, type TextBlock, type TextStretch } from './text-stretches.ts';

/** Characters by who wrote them and when, which edits of others do not change. */
export interface CharacterRange {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

/** A stretch of text in the base state: its characters. */
export function resolveRange(base: Y.Doc, range: ChangeRange): readonly CharacterRange[] {
  if ('quote' in range) return resolveQuote(base, range);
  if ('start' in range) return resolvePositions(base, range);
  const stretches = readStretches(findTextBlock(base, range.block));
  const end = lengthOf(stretches);
  const [from, to] = [range.from ?? 0, range.to ?? end];
  if (from >= to || to > end) throw new RefusedChange('invalid', 'the range is empty or ends behind the block');
  return cutRange(stretches, from, to);
}

type QuoteRange = Extract<ChangeRange, { readonly quote: unknown }>;

/** The one place where the quote stands; what stands around it decides between several. */
function resolveQuote(base: Y.Doc, { quote, block }: QuoteRange): readonly CharacterRange[] {
  const { exact, prefix = '', suffix = '' } = quote;
  let found: readonly CharacterRange[] | null = null;
  for (const one of block === undefined ? allTextBlocks(base) : [findTextBlock(base, block)]) {
    const stretches = readStretches(one);
    const text = stretches.map((stretch) => stretch.text).join('');
    const whole = prefix + exact + suffix;
    for (let at = text.indexOf(whole); at !== -1; at = text.indexOf(whole, at + 1)) {
      if (found !== null) throw new RefusedChange('ambiguous', 'the quote stands in several places');
      found = cutRange(stretches, at + prefix.length, at + prefix.length + exact.length);
    }
  }
  if (found === null) throw new RefusedChange('not-found', 'the quote stands nowhere');
  return found;
}

function allTextBlocks(base: Y.Doc): readonly TextBlock[] {
  const texts = findRoots(base).filter(({ kind }) => kind === 'text');
  return [...findTextBlocks(base.getXmlFragment(RICH_TEXT_ROOT)), ...texts.map(({ name }) => base.getText(name))];
}

function resolvePositions(
  base: Y.Doc,
  { start, end }: { readonly start: string; readonly end: string },
): readonly CharacterRange[] {
  const [from, to] = [toAbsolute(base, start), toAbsolute(base, end)];
  const block = blockOf(from.type);
  const stretches = readStretches(block);
  const [fromAt, toAt] = [placeIn(stretches, from), placeIn(stretches, to)];
  if (block !== blockOf(to.type) || fromAt >= toAt)
    throw new RefusedChange('invalid', 'the positions are not a range of one block');
  return cutRange(stretches, fromAt, toAt);
}

interface AbsolutePlace {
  readonly type: Y.Text;
  readonly index: number;
}

/** A relative position as a place in a text. Refuses with `invalid`, `not-found` or `deleted`. */
export function toAbsolute(document: Y.Doc, encoded: string): AbsolutePlace {
  const position = decodePosition(encoded);
  // The item or type that it hangs on has to be there; Yjs would throw, or make a root of that name.
  const anchor = position.item ?? position.type;
  if (anchor !== null && anchor.clock >= Y.getState(document.store, anchor.client))
    throw new RefusedChange('not-found');
  if (anchor === null && !document.share.has(position.tname ?? '')) throw new RefusedChange('not-found');
  const place = Y.createAbsolutePositionFromRelativePosition(position, document);
  if (place === null) throw new RefusedChange('deleted');
  if (!(place.type instanceof Y.Text) && !isRootText(document, position.tname))
    throw new RefusedChange('invalid', 'the position is in no text');
  const type = place.type instanceof Y.Text ? place.type : document.getText(position.tname ?? '');
  if (isGone(type)) throw new RefusedChange('deleted');
  return { type, index: place.index };
}

function isRootText(document: Y.Doc, name: string | null): boolean {
  return findRoots(document).some((root) => root.name === name && root.kind === 'text');
}

function decodePosition(encoded: string): Y.RelativePosition {
  try {
    return Y.decodeRelativePosition(Buffer.from(encoded, 'base64'));
  } catch {
    throw new RefusedChange('invalid', 'the position cannot be decoded');
  }
}

/** A relative position as requests and answers write it. */
export function encodePosition(type: Y.Text, index: number): string {
  return Buffer.from(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(type, index, -1))).toString(
    'base64',
  );
}

/** Whether a type or one that it lies in was deleted. */
export function isGone(type: Y.AbstractType<unknown> | Y.Text | Y.XmlElement): boolean {
  for (let item = type._item; item !== null;) {
    if (item.deleted) return true;
    const parent: unknown = item.parent;
    item = parent instanceof Y.AbstractType ? parent._item : null;
  }
  return false;
}

function blockOf(type: Y.Text): TextBlock {
  const { parent } = type;
  return parent instanceof Y.XmlElement ? parent : type;
}

function placeIn(stretches: readonly TextStretch[], { type, index }: AbsolutePlace): number {
  const own = stretches.filter((stretch) => stretch.type === type);
  const first = own[0];
  return first === undefined ? 0 : first.start + index;
}

function lengthOf(stretches: readonly TextStretch[]): number {
  const last = stretches.at(-1);
  return last === undefined ? 0 : last.start + last.length;
}

function cutRange(stretches: readonly TextStretch[], from: number, to: number): readonly CharacterRange[] {
  return stretches.flatMap(({ client, clock, start, length }) => {
    const [first, last] = [Math.max(from, start), Math.min(to, start + length)];
    return first < last ? [{ client, from: clock + first - start, to: clock + last - start }] : [];
  });
}

/** A place in the base state as a relative position, which holds in every later state. */
export function resolvePlace(
  base: Y.Doc,
  place: ChangePlace,
): { readonly position: string } | { readonly empty: string } {
  if ('position' in place) {
    const { type, index } = toAbsolute(base, place.position);
    return { position: encodePosition(type, index) };
  }
  const block = findTextBlock(base, place.block);
  const stretches = readStretches(block);
  if (place.offset > lengthOf(stretches)) throw new RefusedChange('invalid', 'the offset lies behind the block');
  const left = stretches.find(
    ({ type, start, length }) => type !== null && start <= place.offset && place.offset <= start + length,
  );
  if (left?.type) return { position: encodePosition(left.type, left.index + place.offset - left.start) };
  if (block instanceof Y.Text) return { position: encodePosition(block, 0) };
  if (stretches.length > 0) throw new RefusedChange('invalid', 'there is no text at this place');
  return { empty: place.block };
}
