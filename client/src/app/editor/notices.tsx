import type { ComponentChildren } from 'preact';
import type { Replacement } from '../../sdk/provider-types.ts';
import { countChanges } from '../../sdk/status-label.ts';
import { Icon } from '../ui/icon.tsx';
import type { OpenDocument } from './open-document.ts';
import { readPlainText, saveTextFile } from './rescue-text.ts';

/** What one has to know while writing here. */
export function Notices({ open }: { readonly open: OpenDocument }) {
  const replaced = open.replaced.value;
  return (
    <>
      {open.access.value === 'read-only' && <Notice>You may read this document but not change it.</Notice>}
      {replaced !== null && <ReplacedNotice open={open} replaced={replaced} />}
    </>
  );
}

function ReplacedNotice({ open, replaced }: { readonly open: OpenDocument; readonly replaced: Replacement }) {
  if (replaced.reason === 'forked') {
    return (
      <Notice onDismiss={open.dismissReplaced}>
        Another copy of this page wrote under the same identity. Your text was put in beside it; nothing was lost.
      </Notice>
    );
  }
  return (
    <Notice onDismiss={open.dismissReplaced}>
      This document was deleted and made anew meanwhile; you now see the new one.
      {replaced.lost > 0 && (
        <>
          {' '}
          {countChanges(replaced.lost)} of yours belonged to the old one.{' '}
          <button
            type="button"
            class="link-button"
            onClick={() => {
              saveTextFile(open.name, readPlainText(replaced.previous));
            }}
          >
            Save the old text as a file
          </button>
        </>
      )}
    </Notice>
  );
}

function Notice({ children, onDismiss }: { readonly children: ComponentChildren; readonly onDismiss?: () => void }) {
  return (
    <div class="notice" role="status">
      <p>{children}</p>
      {onDismiss !== undefined && (
        <button type="button" class="icon-button" aria-label="Close" onClick={onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
