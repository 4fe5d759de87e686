import type { ComponentChildren } from 'preact';
import { Icon } from '../ui/icon.tsx';

export interface NoticeProps {
  readonly children: ComponentChildren;
  /** Whether what is around it has it read out. */
  readonly quiet?: boolean;
  readonly onDismiss?: () => void;
}

/** A strip above the text. */
export function Notice({ children, quiet = false, onDismiss }: NoticeProps) {
  return (
    <div class="notice" {...(quiet ? {} : { role: 'status' })}>
      <div class="notice-text">{children}</div>
      {onDismiss !== undefined && (
        <button type="button" class="icon-button" aria-label="Close" onClick={onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
