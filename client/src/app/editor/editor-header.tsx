import type { Editor } from '@tiptap/core';
import { useState } from 'preact/hooks';
import { NameDialog } from '../documents/name-dialog.tsx';
import { documentPath } from '../app-path.ts';
import { navigate } from '../router.ts';
import { rest } from '../session.ts';
import { AccountMenu } from '../ui/account-menu.tsx';
import { Icon } from '../ui/icon.tsx';
import type { OpenDocument } from './open-document.ts';
import type { Person, PresentUser } from './people.ts';
import { PeopleView } from './people-view.tsx';
import { SaveStatusView } from './save-status-view.tsx';

interface EditorHeaderProps {
  readonly open: OpenDocument;
  readonly user: PresentUser;
  readonly editor: Editor | null;
}

/** The document's name, the truth about saving, and who is here. */
export function EditorHeader({ open, user, editor }: EditorHeaderProps) {
  const [renaming, setRenaming] = useState(false);
  return (
    <header class="editor-header">
      <a class="icon-button" href="/" data-route aria-label="All documents" title="All documents">
        <Icon name="back" />
      </a>
      <div class="editor-title">
        <h1>
          <button
            type="button"
            class="title-button"
            title="Rename"
            data-testid="title"
            onClick={() => setRenaming(true)}
          >
            {open.name}
          </button>
        </h1>
        <SaveStatusView open={open} />
      </div>
      <PeopleView
        shared={open.shared.value}
        connected={open.connected.value}
        self={user}
        onGoTo={(person) => {
          goToPerson(person, editor);
        }}
      />
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

async function rename(open: OpenDocument, name: string): Promise<void> {
  // The copy on this device goes by the old name.
  if (open.status.value.kind !== 'saved') throw new Error('Rename it once everything is saved.');
  await rest.renameDocument(open.name, name);
  await open.discardLocalCopy();
  navigate(documentPath(name), { replace: true });
}

function goToPerson(person: Person, editor: Editor | null): void {
  const root = editor?.view.dom;
  const caret = person.carets.map((key) => root?.querySelector(`[data-caret="${CSS.escape(key)}"]`)).find(Boolean);
  if (!(caret instanceof HTMLElement)) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  caret.scrollIntoView({ block: 'center', behavior: calm ? 'instant' : 'smooth' });
  caret.classList.add('is-moving');
  setTimeout(() => {
    caret.classList.remove('is-moving');
  }, 2_000);
}
