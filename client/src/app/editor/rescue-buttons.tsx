import type { OpenDocument } from './open-document.ts';
import { readPlainText, saveTextFile } from './rescue-text.ts';

/** Ways out when the server does not take what was written: keep it as a file, or go on without it. */
export function RescueButtons({ open }: { readonly open: OpenDocument }) {
  return (
    <>
      <SaveAsFile open={open} />
      <button
        type="button"
        class="button danger"
        onClick={() => {
          void open.abandonChanges().then(() => {
            location.reload();
          });
        }}
      >
        Discard my changes and reload
      </button>
    </>
  );
}

/** Hands the text of a document to its writer. */
export function SaveAsFile({ open }: { readonly open: OpenDocument }) {
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        saveTextFile(open.name, readPlainText(open.shared.value.document));
      }}
    >
      Save my text as a file
    </button>
  );
}
