import type { Placement } from '@floating-ui/dom';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';
import { Popover } from './popover.tsx';

/** One line of a menu. `chosen` makes it one of several choices. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly chosen?: boolean;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

/** Lines that belong together, with a heading or without. */
export interface MenuGroup {
  readonly heading?: string;
  readonly items: readonly MenuItem[];
}

interface MenuProps {
  readonly label: string;
  readonly trigger: ComponentChildren;
  readonly triggerClass?: string;
  readonly placement?: Placement;
  readonly groups: readonly MenuGroup[];
}

/** A button that opens a menu: arrows, Home, End and first letters move, Escape closes. */
export function Menu({ label, trigger, triggerClass, placement, groups }: MenuProps) {
  return (
    <Popover
      label={label}
      trigger={trigger}
      kind="menu"
      class="menu-box"
      {...(placement === undefined ? {} : { placement })}
      {...(triggerClass === undefined ? {} : { triggerClass })}
    >
      {(close) => <MenuList label={label} groups={groups} onDone={close} />}
    </Popover>
  );
}

interface MenuListProps {
  readonly label: string;
  readonly groups: readonly MenuGroup[];
  readonly onDone: () => void;
}

function MenuList({ label, groups, onDone }: MenuListProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const list = listItems(ref.current);
    (list.find((item) => item.ariaChecked === 'true') ?? list[0])?.focus();
  }, []);
  return (
    <div
      ref={ref}
      role="menu"
      aria-label={label}
      onKeyDown={(event) => {
        if (moveFocus(listItems(ref.current), event)) event.preventDefault();
      }}
    >
      {groups.map((group, index) => (
        <div key={index} role="group" aria-label={group.heading}>
          {group.heading !== undefined && <div class="menu-heading">{group.heading}</div>}
          {group.items.map((item) => (
            <MenuLine key={item.label} item={item} onDone={onDone} />
          ))}
        </div>
      ))}
    </div>
  );
}

function MenuLine({ item, onDone }: { readonly item: MenuItem; readonly onDone: () => void }) {
  const { label, icon, chosen, danger = false, disabled = false, onSelect } = item;
  return (
    <button
      type="button"
      role={chosen === undefined ? 'menuitem' : 'menuitemradio'}
      aria-checked={chosen}
      aria-disabled={disabled}
      tabIndex={-1}
      class={`menu-item${danger ? ' danger' : ''}`}
      onClick={() => {
        if (disabled) return;
        onDone();
        onSelect();
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{label}</span>
      {chosen === true && <Icon name="check" />}
    </button>
  );
}

function listItems(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];
}

function moveFocus(items: readonly HTMLElement[], event: KeyboardEvent): boolean {
  const now = items.findIndex((item) => item === document.activeElement);
  const target = findTarget(items, now, event);
  target?.focus();
  return target !== undefined;
}

function findTarget(items: readonly HTMLElement[], now: number, event: KeyboardEvent): HTMLElement | undefined {
  switch (event.key) {
    case 'ArrowDown':
      return items[(now + 1) % items.length];
    case 'ArrowUp':
      return items.at(now <= 0 ? -1 : now - 1);
    case 'Home':
      return items[0];
    case 'End':
      return items.at(-1);
    default:
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey) return undefined;
      return [...items.slice(now + 1), ...items.slice(0, now + 1)].find((item) =>
        (item.textContent ?? '').toLowerCase().startsWith(event.key.toLowerCase()),
      );
  }
}
