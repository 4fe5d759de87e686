import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog.tsx';

interface DeleteDialogProps {
  readonly name: string;
  readonly onDelete: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before a document is deleted. */
export function DeleteDialog({ name, onDelete, onClose }: DeleteDialogProps) {
  const [error, setError] = useState<string | null>(null);
  const remove = async (): Promise<void> => {
    try {
      await onDelete();
      onClose();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : 'That did not work.');
    }
  };
  return (
    <Dialog title="Delete this document?" onClose={onClose}>
      <p>
        <strong>{name}</strong> goes away for everybody. People who have it open can no longer save.
      </p>
      {error !== null && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" autoFocus onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" data-testid="confirm-delete" onClick={() => void remove()}>
          Delete
        </button>
      </div>
    </Dialog>
  );
}
