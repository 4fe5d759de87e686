import { useEffect, useRef, useState } from 'preact/hooks';
import type { SaveStatus } from '../../sdk/save-status.ts';
import { countChanges, labelSaveStatus } from '../../sdk/status-label.ts';
import { announce } from '../ui/live-region.tsx';
import { Popover } from '../ui/popover.tsx';
import type { OpenDocument } from './open-document.ts';
import { RescueButtons } from './rescue-buttons.tsx';
import { createStatusFilter } from './shown-status.ts';

/** One true word about what was written here, with the rest on request. */
export function SaveStatusView({ open }: { readonly open: OpenDocument }) {
  const shown = useShownStatus(open);
  const label = labelSaveStatus(shown);
  // The word is calm; the attributes are for programs, which get the truth of this very moment.
  const { kind, pending } = open.status.value;
  return (
    <span
      class={`save-status is-${shown.kind}`}
      data-testid="save-status"
      data-state={kind}
      data-unacknowledged={pending}
    >
      <Popover
        label={`${label}. What does that mean?`}
        triggerClass="save-status-button"
        trigger={label}
        class="status-box"
      >
        {() => <StatusDetails open={open} status={shown} />}
      </Popover>
    </span>
  );
}

/** The status without what is too short to be worth a word; news that matters is read out. */
function useShownStatus(open: OpenDocument): SaveStatus {
  const [shown, setShown] = useState<SaveStatus>(open.status.value);
  const before = useRef<SaveStatus['kind']>('saved');
  useEffect(() => {
    const filter = createStatusFilter((status) => {
      const worse = status.kind === 'offline' || status.kind === 'refused';
      const better = status.kind === 'saved' && before.current !== 'saved' && before.current !== 'saving';
      if ((worse && before.current !== status.kind) || better) announce(labelSaveStatus(status));
      if (status.kind !== 'saving') before.current = status.kind;
      setShown(status);
    });
    const end = open.status.subscribe((status) => {
      filter.push(status);
    });
    return () => {
      end();
      filter.stop();
    };
  }, [open]);
  return shown;
}

function StatusDetails({ open, status }: { readonly open: OpenDocument; readonly status: SaveStatus }) {
  return (
    <>
      <p class="status-word">{labelSaveStatus(status)}</p>
      <p>{explainStatus(status, open)}</p>
      {status.kind === 'refused' && (
        <div class="status-actions">
          <RescueButtons open={open} />
        </div>
      )}
      <p class="hint">
        {open.connected.value ? 'Connected to the server.' : 'No connection. It is tried again by itself.'}
      </p>
    </>
  );
}

function explainStatus(status: SaveStatus, open: OpenDocument): string {
  switch (status.kind) {
    case 'saved':
      return open.connected.value
        ? 'The server has confirmed that everything you wrote is on disk.'
        : 'Everything you wrote so far is on disk at the server. What you write now is kept on this device until it is back.';
    case 'saving':
      return `${countChanges(status.pending)} on the way; the server has not confirmed them yet.`;
    case 'offline':
      return explainOffline(status, open.keepsChanges);
    case 'refused':
      return `${status.refusal.title} What you wrote is on this device only (${status.refusal.code}).`;
  }
}

function explainOffline({ pending, kept }: Extract<SaveStatus, { kind: 'offline' }>, keepsChanges: boolean): string {
  if (!keepsChanges)
    return 'This browser does not let the page keep anything. Leave this page open until the server is back.';
  if (kept < pending) return `${countChanges(pending - kept)} not yet written to this device. Leave this page open.`;
  return 'They are stored in this browser, survive a closed page, and are sent when the server is back.';
}
