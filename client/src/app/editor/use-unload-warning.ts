import { useEffect } from 'preact/hooks';
import type { OpenDocument } from './open-document.ts';
import { countHeldChanges } from './unsaved-documents.ts';

/** Has the browser ask before the page goes away, only while something is not confirmed by the server. */
export function useUnloadWarning(open: OpenDocument): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (open.status.value.pending + countHeldChanges() > 0) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => {
      removeEventListener('beforeunload', warn);
    };
  }, [open]);
}
