import type { VirtualElement } from '@floating-ui/dom';
import { type Editor, posToDOMRect } from '@tiptap/core';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { Floating } from '../ui/popover.tsx';
import { shortcut } from './shortcut.ts';
import { runCommand } from './toolbar-commands.ts';

const LABEL = `Link (${shortcut('Mod+K')})`;

/** Makes, changes and removes links; also by Mod+K on a selection or in a link, and by a click on a link. */
export function LinkButton({ editor, active }: { readonly editor: Editor; readonly active: boolean }) {
  const [open, setOpen] = useState(false);
  const close = useCallback(() => {
    setOpen(false);
  }, []);
  useEffect(() => {
    const text = editor.view.dom;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.isComposing) return;
      // Where there is nothing to link, the shortcut is that of the search.
      if (editor.state.selection.empty && !editor.isActive('link')) return;
      event.preventDefault();
      setOpen(true);
    };
    const onClick = (event: MouseEvent): void => {
      if (event.target instanceof Element && event.target.closest('a') !== null) setOpen(true);
    };
    text.addEventListener('keydown', onKey);
    text.addEventListener('click', onClick);
    return () => {
      text.removeEventListener('keydown', onKey);
      text.removeEventListener('click', onClick);
    };
  }, [editor]);
  return (
    <>
      <button
        type="button"
        class={`tool${active ? ' is-on' : ''}`}
        aria-label={LABEL}
        title={LABEL}
        aria-haspopup="dialog"
        aria-expanded={open}
        onMouseDown={(event) => {
          event.preventDefault();
        }}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <Icon name="link" />
      </button>
      {open && <LinkBox editor={editor} onClose={close} />}
    </>
  );
}

function LinkBox({ editor, onClose }: { readonly editor: Editor; readonly onClose: () => void }) {
  const href: unknown = editor.getAttributes('link')['href'];
  const before = typeof href === 'string' ? href : '';
  const [url, setUrl] = useState(before);
  const anchor = useMemo(() => followSelection(editor), [editor]);
  const address = completeUrl(url);
  const apply = (): void => {
    onClose();
    runCommand(editor, (chain) => {
      const selected = chain.extendMarkRange('link');
      if (address === '') return selected.unsetLink();
      return editor.state.selection.empty && before === ''
        ? selected.insertContent({
            type: 'text',
            text: url.trim(),
            marks: [{ type: 'link', attrs: { href: address } }],
          })
        : selected.setLink({ href: address });
    });
  };
  return (
    <Floating anchor={anchor} label="Link" onClose={onClose}>
      <form
        class="link-box"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <input
          class="field"
          type="text"
          inputMode="url"
          placeholder="Paste or type an address"
          aria-label="Address of the link"
          ref={focusAndSelect}
          value={url}
          onInput={(event) => {
            setUrl(event.currentTarget.value);
          }}
        />
        <button type="submit" class="button primary">
          {before === '' ? 'Add' : 'Save'}
        </button>
        {before !== '' && <LinkActions editor={editor} href={before} onClose={onClose} />}
      </form>
    </Floating>
  );
}

function LinkActions({
  editor,
  href,
  onClose,
}: {
  readonly editor: Editor;
  readonly href: string;
  readonly onClose: () => void;
}) {
  return (
    <>
      <a
        class="icon-button"
        href={href}
        target="_blank"
        rel="noopener noreferrer"
        aria-label="Open the link"
        title="Open"
      >
        <Icon name="open" />
      </a>
      <button
        type="button"
        class="icon-button"
        aria-label="Remove the link"
        title="Remove"
        onClick={() => {
          onClose();
          runCommand(editor, (chain) => chain.extendMarkRange('link').unsetLink());
        }}
      >
        <Icon name="trash" />
      </button>
    </>
  );
}

function focusAndSelect(input: HTMLInputElement | null): void {
  // The box is shown in this same turn, and only then takes focus.
  queueMicrotask(() => {
    input?.focus({ preventScroll: true });
    input?.select();
  });
}

/** Where the selection is, also after others have moved it. */
function followSelection(editor: Editor): VirtualElement {
  return {
    contextElement: editor.view.dom,
    getBoundingClientRect: () => {
      const { from, to } = editor.state.selection;
      return posToDOMRect(editor.view, from, to);
    },
  };
}

/** "example.org" is meant as an address of the web. */
function completeUrl(text: string): string {
  const url = text.trim();
  if (url === '' || /^[a-z][a-z0-9+.-]*:/i.test(url) || url.startsWith('/') || url.startsWith('#')) return url;
  return url.includes('@') && !url.includes('/') ? `mailto:${url}` : `https://${url}`;
}
