import type { Replacement } from '../../sdk/provider-types.ts';
import { countChanges } from '../../sdk/status-label.ts';
import { Notice } from './notice.tsx';
import type { OpenDocument } from './open-document.ts';
import { RescueButtons } from './rescue-buttons.tsx';
import { readPlainText, saveTextFile } from './rescue-text.ts';
import { describeWarning } from './warnings.ts';

/** What one has to know while writing here. */
export function Notices({ open }: { readonly open: OpenDocument }) {
  const replaced = open.replaced.value;
  return (
    <>
      <AccessNotice open={open} />
      {replaced !== null && <ReplacedNotice open={open} replaced={replaced} />}
      <Warnings open={open} />
    </>
  );
}

function AccessNotice({ open }: { readonly open: OpenDocument }) {
  const status = open.status.value;
  if (status.kind === 'refused') {
    return (
      <Notice>
        {status.refusal.title} Writing is paused; what the server did not take is on this device only.
        <span class="notice-buttons">
          <RescueButtons open={open} />
        </span>
      </Notice>
    );
  }
  return open.access.value === 'read-only' ? <Notice>You may read this document but not change it.</Notice> : null;
}

/** What the server says of limits. The place is there from the start, so that what comes into it is read out. */
function Warnings({ open }: { readonly open: OpenDocument }) {
  return (
    <div role="status" data-testid="warnings">
      {open.warnings.shown.value.map((warning) => (
        <Notice
          key={warning.code}
          quiet
          onDismiss={() => {
            open.warnings.dismiss(warning.code);
          }}
        >
          {describeWarning(warning)}
        </Notice>
      ))}
    </div>
  );
}

function ReplacedNotice({ open, replaced }: { readonly open: OpenDocument; readonly replaced: Replacement }) {
  if (replaced.reason === 'forked') {
    return (
      <Notice onDismiss={() => open.dismissReplaced()}>
        Another copy of this page wrote under the same identity. Your text was put in beside it; nothing was lost.
      </Notice>
    );
  }
  return (
    <Notice onDismiss={() => open.dismissReplaced()}>
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
