import {
  autoUpdate,
  computePosition,
  flip,
  offset,
  shift,
  type Placement,
  type ReferenceElement,
} from '@floating-ui/dom';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface FloatingProps {
  readonly anchor: ReferenceElement;
  readonly placement?: Placement;
  readonly label: string;
  /** A menu names itself, so the box around it is nothing of its own. */
  readonly kind?: 'dialog' | 'menu';
  readonly class?: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A box beside its anchor, in the top layer. It follows the anchor and closes on Escape, on a press outside, and never
 * because of what somebody else does.
 */
export function Floating({
  anchor,
  placement = 'bottom-start',
  label,
  kind = 'dialog',
  onClose,
  children,
  ...rest
}: FloatingProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = ref.current;
    if (box === null) return undefined;
    box.showPopover();
    const place = async (): Promise<void> => {
      const middleware = [offset(6), flip({ padding: 8 }), shift({ padding: 8 })];
      const { x, y } = await computePosition(anchor, box, { placement, strategy: 'fixed', middleware });
      box.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
    };
    return autoUpdate(anchor, box, () => void place());
  }, [anchor, placement]);
  useEffect(() => {
    // Whoever opens it by keyboard is inside, unless something in there has taken the focus.
    if (ref.current?.contains(document.activeElement) === false) ref.current.focus();
  }, []);
  useCloseFromOutside(ref, anchor, onClose);
  return (
    <div
      ref={ref}
      popover="manual"
      tabIndex={-1}
      {...(kind === 'dialog' ? { role: 'dialog', 'aria-label': label } : { role: 'presentation' })}
      class={`floating ${rest.class ?? ''}`}
    >
      {children}
    </div>
  );
}

function useCloseFromOutside(
  ref: { readonly current: HTMLElement | null },
  anchor: ReferenceElement,
  onClose: () => void,
): void {
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    const isInside = (target: EventTarget | null): boolean =>
      target instanceof Node &&
      (ref.current?.contains(target) === true || (anchor instanceof Element && anchor.contains(target)));
    addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Escape' || event.isComposing) return;
        event.preventDefault();
        onClose();
        if (anchor instanceof HTMLElement) anchor.focus();
      },
      { signal },
    );
    addEventListener('pointerdown', (event) => !isInside(event.target) && onClose(), { signal });
    ref.current?.addEventListener(
      'focusout',
      (event) => {
        if (event.relatedTarget !== null && !isInside(event.relatedTarget)) onClose();
      },
      { signal },
    );
    return () => {
      listening.abort();
    };
  }, [anchor, onClose, ref]);
}

interface PopoverProps {
  readonly label: string;
  readonly trigger: ComponentChildren;
  readonly triggerClass?: string;
  readonly kind?: 'dialog' | 'menu';
  readonly placement?: Placement;
  readonly class?: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a box of its own. */
export function Popover({
  label,
  trigger,
  triggerClass = 'button',
  kind = 'dialog',
  placement,
  children,
  ...rest
}: PopoverProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useRef(() => {
    setOpen(false);
  }).current;
  const closeAndReturn = (): void => {
    button.current?.focus();
    close();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={triggerClass}
        aria-haspopup={kind}
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {trigger}
      </button>
      {open && button.current !== null && (
        <Floating
          anchor={button.current}
          label={label}
          kind={kind}
          onClose={close}
          {...(placement === undefined ? {} : { placement })}
          {...(rest.class === undefined ? {} : { class: rest.class })}
        >
          {children(closeAndReturn)}
        </Floating>
      )}
    </>
  );
}
