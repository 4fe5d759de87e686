import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shortcut } from '../editor/shortcut.ts';
import { signedIn } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { announce } from '../ui/live-region.tsx';

const isOpen = signal(false);

type Palette = ComponentType<{ readonly onClose: () => void }>;

const LABEL = `Search all documents (${shortcut('Mod+K')})`;

/** Opens the search on Mod+K, wherever somebody is; it is fetched when it is first wanted. */
export function PaletteHost() {
  const [Component, setComponent] = useState<Palette | null>(null);
  const wanted = isOpen.value && signedIn.value !== null;
  useEffect(() => {
    addEventListener('keydown', openByKey);
    return () => {
      removeEventListener('keydown', openByKey);
    };
  }, []);
  useEffect(() => {
    if (!wanted || Component !== null) return;
    import('./search-palette.tsx').then(
      ({ SearchPalette }) => {
        setComponent(() => SearchPalette);
      },
      () => {
        isOpen.value = false;
        announce('The search could not be loaded. Reload the page.');
      },
    );
  }, [wanted, Component]);
  if (!wanted || Component === null) return null;
  return (
    <Component
      onClose={() => {
        isOpen.value = false;
      }}
    />
  );
}

/** In a text with a selection the keys make a link, which takes the event for itself. */
function openByKey(event: KeyboardEvent): void {
  const isShortcut =
    event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey;
  if (!isShortcut || event.defaultPrevented || event.isComposing || signedIn.value === null) return;
  event.preventDefault();
  // A dialog that asks for something is answered first.
  if (isOpen.value || document.querySelector('dialog[open]') === null) isOpen.value = !isOpen.value;
}

/** The way to the search by finger and mouse. */
export function SearchButton() {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={LABEL}
      title={LABEL}
      aria-haspopup="dialog"
      data-testid="open-search"
      onClick={() => {
        isOpen.value = true;
      }}
    >
      <Icon name="search" />
    </button>
  );
}
