import type { Editor } from '@tiptap/core';
import type { Awareness } from 'y-protocols/awareness';
import { useState } from 'preact/hooks';
import { NameDialog } from '../documents/name-dialog.tsx';
import { documentPath } from '../app-path.ts';
import { navigate } from '../router.ts';
import { SearchButton } from '../search/palette-host.tsx';
import { rest } from '../session.ts';
import { AccountMenu } from '../ui/account-menu.tsx';
import { Icon } from '../ui/icon.tsx';
import { announce } from '../ui/live-region.tsx';
import { findCaret } from './caret-position.ts';
import type { OpenDocument } from './open-document.ts';
import type { Person, PresentUser } from './people.ts';
import { PeopleView } from './people-view.tsx';
import { SaveStatusView } from './save-status-view.tsx';

interface EditorHeaderProps {
  readonly open: OpenDocument;
  readonly user: PresentUser;
  readonly editor: Editor | null;
  /** Whether this person may give it another name. */
  readonly mayRename: boolean;
}

/** The document's name, the truth about saving, and who is here. */
export function EditorHeader({ open, user, editor, mayRename }: EditorHeaderProps) {
  const [renaming, setRenaming] = useState(false);
  return (
    <header class="editor-header">
      <a class="icon-button" href="/" data-route aria-label="All documents" title="All documents">
        <Icon name="back" />
      </a>
      <div class="editor-title">
        <h1>
          <Title name={open.name} onRename={mayRename ? () => setRenaming(true) : null} />
        </h1>
        <SaveStatusView open={open} />
      </div>
      <PeopleView
        shared={open.shared.value}
        connected={open.connected.value}
        self={user}
        onGoTo={(person) => {
          goToPerson(person, editor, open.shared.value.awareness);
        }}
      />
      <SearchButton />
      <AccountMenu />
      {renaming && (
        <NameDialog
          title="Rename document"
          name={open.name}
          submit="Rename"
          onSubmit={(name) => rename(open, name)}
          onClose={() => setRenaming(false)}
        />
      )}
    </header>
  );
}

function Title({ name, onRename }: { readonly name: string; readonly onRename: (() => void) | null }) {
  if (onRename === null) {
    return (
      <span class="title-button" title={name} data-testid="title">
        {name}
      </span>
    );
  }
  return (
    <button type="button" class="title-button" title={`Rename ${name}`} data-testid="title" onClick={onRename}>
      {name}
    </button>
  );
}

async function rename(open: OpenDocument, name: string): Promise<void> {
  // The copy on this device goes by the old name.
  if (open.status.value.kind !== 'saved') throw new Error('Rename it once everything is saved.');
  await rest.renameDocument(open.name, name);
  await open.discardLocalCopy();
  navigate(documentPath(name), { replace: true });
}

/** Puts one's own caret where theirs is, so that reading and writing go on from there. */
function goToPerson(person: Person, editor: Editor | null, awareness: Awareness): void {
  if (editor === null) return;
  const caret = person.carets
    .map((key) => ({ key, position: findCaret(editor.state, awareness, Number(key)) }))
    .find(({ position }) => position !== null);
  if (caret === undefined || caret.position === null) {
    announce(`${person.name} has no cursor in the text.`);
    return;
  }
  editor.commands.setTextSelection(caret.position);
  editor.view.focus();
  announce(`At the cursor of ${person.name}.`);
  const mark = editor.view.dom.querySelector<HTMLElement>(`[data-caret="${CSS.escape(caret.key)}"]`);
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  mark?.scrollIntoView({ block: 'center', behavior: calm ? 'instant' : 'smooth' });
  mark?.classList.add('is-moving');
  setTimeout(() => {
    mark?.classList.remove('is-moving');
  }, 2_000);
}
