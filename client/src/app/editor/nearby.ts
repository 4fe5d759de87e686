import type { Editor } from '@tiptap/core';
import type { Awareness } from 'y-protocols/awareness';
import { findCaret } from './caret-position.ts';
import { readUser } from './people.ts';

/** Milliseconds over which carets settle before anybody is said to be near. */
const GATHER = 1_000;

interface NearbyDeps {
  readonly editor: Editor;
  readonly awareness: Awareness;
  readonly say: (text: string) => void;
}

/** Says who comes into the block that the caret is in, to somebody who cannot see the other carets. */
export function watchNearby({ editor, awareness, say }: NearbyDeps): () => void {
  let near: ReadonlySet<string> = new Set();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const look = (): void => {
    timer = null;
    if (editor.isDestroyed) return;
    const now = editor.view.hasFocus() ? listNearby(editor, awareness) : new Set<string>();
    const text = describeNearby(near, now);
    near = now;
    if (text !== null) say(text);
  };
  const schedule = (): void => {
    timer ??= setTimeout(look, GATHER);
  };
  awareness.on('change', schedule);
  editor.on('selectionUpdate', schedule);
  return () => {
    awareness.off('change', schedule);
    editor.off('selectionUpdate', schedule);
    if (timer !== null) clearTimeout(timer);
  };
}

function listNearby({ state }: Editor, awareness: Awareness): ReadonlySet<string> {
  const own = readUser(awareness.getLocalState(), awareness.clientID).id;
  const { $head } = state.selection;
  const names = new Set<string>();
  for (const [client, told] of awareness.getStates()) {
    const user = readUser(told, client);
    const position = client === awareness.clientID || user.id === own ? null : findCaret(state, awareness, client);
    if (position === null) continue;
    const $caret = state.doc.resolve(position);
    if ($caret.sameParent($head)) names.add(user.name);
  }
  return names;
}

/** Who is here that was not, in words; `null` when nobody is. */
export function describeNearby(before: ReadonlySet<string>, now: ReadonlySet<string>): string | null {
  const names = [...now].filter((name) => !before.has(name));
  if (names.length === 0) return null;
  return `${new Intl.ListFormat('en').format(names)} ${names.length === 1 ? 'is' : 'are'} in this paragraph, too.`;
}
