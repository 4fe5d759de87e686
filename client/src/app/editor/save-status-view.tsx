import { useEffect, useState } from 'preact/hooks';
import type { SaveStatus } from '../../sdk/save-status.ts';
import { countChanges, labelSaveStatus } from '../../sdk/status-label.ts';
import { announce } from '../ui/live-region.tsx';
import { Popover } from '../ui/popover.tsx';
import type { OpenDocument } from './open-document.ts';
import { RescueButtons } from './rescue-buttons.tsx';
import { createStatusFilter } from './shown-status.ts';
import { createStatusNews } from './status-news.ts';

/** Milliseconds that a connection may be away before it is worth a word. */
const AWAY_AFTER = 2_000;

/** One true word about what was written here, with the rest on request. */
export function SaveStatusView({ open }: { readonly open: OpenDocument }) {
  const shown = useShownStatus(open);
  const label = useLabel(open, shown);
  // The word is calm; the attributes are for programs, which get the truth of this very moment.
  const { kind, pending } = open.shownStatus.value;
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

/** The word, and what else one has to know where nothing is open: that the line is down, or not there yet. */
function useLabel(open: OpenDocument, shown: SaveStatus): string {
  const connected = open.connected.value;
  const [away, setAway] = useState(false);
  useEffect(() => {
    setAway(false);
    if (connected) return undefined;
    const timer = setTimeout(() => {
      setAway(true);
    }, AWAY_AFTER);
    return () => {
      clearTimeout(timer);
    };
  }, [connected]);
  if (shown.kind !== 'saved') return labelSaveStatus(shown);
  if (open.phase.value.kind === 'loading') return 'Connecting…';
  return away ? `${labelSaveStatus(shown)}, no connection` : labelSaveStatus(shown);
}

/** The status without what is too short to be worth a word; news that matters is read out. */
function useShownStatus(open: OpenDocument): SaveStatus {
  const [shown, setShown] = useState<SaveStatus>(open.status.value);
  useEffect(() => {
    const filter = createStatusFilter(setShown);
    const news = createStatusNews(announce);
    const end = open.shownStatus.subscribe((status) => {
      filter.push(status, open.working.value);
      news.push(status);
    });
    return () => {
      end();
      filter.stop();
      news.stop();
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
      if (status.pending === 0) return 'A large change is being put in.';
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
