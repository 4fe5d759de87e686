import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog.tsx';
import { suggestDocumentName } from './document-names.ts';

interface NameDialogProps {
  readonly title: string;
  readonly name: string;
  readonly submit: string;
  /** Rejects with an error whose message is for people. */
  readonly onSubmit: (name: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for a document's name, and shows what will become of what was typed. */
export function NameDialog({ title, name, submit, onSubmit, onClose }: NameDialogProps) {
  const [text, setText] = useState(name);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const suggestion = suggestDocumentName(text);
  const save = async (): Promise<void> => {
    if (suggestion === '' || busy) return;
    setBusy(true);
    try {
      await onSubmit(suggestion);
      onClose();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : 'That did not work.');
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label for="document-name">Name</label>
        <input
          id="document-name"
          data-testid="document-name"
          class="field"
          autoFocus
          autoComplete="off"
          spellcheck={false}
          value={text}
          aria-describedby="document-name-hint"
          onFocus={(event) => {
            event.currentTarget.select();
          }}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setError(null);
          }}
        />
        <p id="document-name-hint" class="hint">
          {describeSuggestion(text, suggestion)}
        </p>
        {error !== null && (
          <p class="form-error" role="alert">
            {error}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy || suggestion === '' || suggestion === name}>
            {submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function describeSuggestion(text: string, suggestion: string) {
  if (text.trim() === '') return 'Letters, digits and . _ ~ : @ = + - with / between parts.';
  if (suggestion === '') return 'Use at least one letter from A to Z or a digit.';
  if (suggestion === text) return 'This is the address of the document, too.';
  return (
    <>
      Will be named <strong>{suggestion}</strong>
    </>
  );
}
