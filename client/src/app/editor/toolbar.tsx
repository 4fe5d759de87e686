import type { Editor } from '@tiptap/core';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { LinkButton } from './link-button.tsx';
import { shortcut } from './shortcut.ts';
import { BLOCK_NAMES, listBlockChoices, listTableActions, runCommand, TOGGLES } from './toolbar-commands.ts';
import { isSameToolbarState, readToolbarState, type ToolbarState } from './toolbar-state.ts';

/** Formatting by mouse, touch and keyboard: one stop for Tab, arrows inside, Alt+F10 from the text, Escape back to it. */
export function Toolbar({ editor }: { readonly editor: Editor }) {
  const ref = useRef<HTMLDivElement>(null);
  const state = useToolbarState(editor);
  useToolbarKeys(editor, ref);
  return (
    <div class="toolbar-frame">
      <div ref={ref} class="toolbar" role="toolbar" aria-label="Formatting" aria-controls="document-text">
        <UndoButtons editor={editor} state={state} />
        <Separator />
        <Menu
          label={`Kind of block: ${BLOCK_NAMES[state.heading] ?? BLOCK_NAMES[0]}`}
          triggerClass="tool block-choice"
          groups={listBlockChoices(editor, state)}
          trigger={
            <>
              <span>{BLOCK_NAMES[state.heading] ?? BLOCK_NAMES[0]}</span>
              <Icon name="down" />
            </>
          }
        />
        <Separator />
        <MarkButtons editor={editor} state={state} />
        <LinkButton editor={editor} active={state.active.has('link')} />
        <Separator />
        <BlockButtons editor={editor} state={state} />
        <Menu
          label="Table"
          triggerClass={`tool${state.active.has('table') ? ' is-on' : ''}`}
          groups={listTableActions(editor, state)}
          trigger={<Icon name="table" />}
        />
        <Tool label="Divider" onPress={() => runCommand(editor, (chain) => chain.setHorizontalRule())}>
          <Icon name="rule" />
        </Tool>
      </div>
    </div>
  );
}

interface PartProps {
  readonly editor: Editor;
  readonly state: ToolbarState;
}

function UndoButtons({ editor, state }: PartProps) {
  return (
    <>
      <Tool
        label={`Undo (${shortcut('Mod+Z')})`}
        disabled={!state.canUndo}
        onPress={() => runCommand(editor, (chain) => chain.undo())}
      >
        <Icon name="undo" />
      </Tool>
      <Tool
        label={`Redo (${shortcut('Mod+Shift+Z')})`}
        disabled={!state.canRedo}
        onPress={() => runCommand(editor, (chain) => chain.redo())}
      >
        <Icon name="redo" />
      </Tool>
    </>
  );
}

const MARK_BUTTONS = [
  ['bold', 'Bold', 'Mod+B', <b>B</b>],
  ['italic', 'Italic', 'Mod+I', <i class="serif">I</i>],
  ['underline', 'Underline', 'Mod+U', <u>U</u>],
  ['strike', 'Strikethrough', 'Mod+Shift+S', <s>S</s>],
  ['code', 'Code', 'Mod+E', <Icon name="code" />],
] as const;

function MarkButtons({ editor, state }: PartProps) {
  return (
    <>
      {MARK_BUTTONS.map(([name, label, keys, content]) => (
        <Tool
          key={name}
          label={`${label} (${shortcut(keys)})`}
          pressed={state.active.has(name)}
          onPress={() => runCommand(editor, TOGGLES[name])}
        >
          {content}
        </Tool>
      ))}
    </>
  );
}

const BLOCK_BUTTONS = [
  ['bulletList', 'Bullet list', 'Mod+Shift+8', 'bulletList'],
  ['orderedList', 'Numbered list', 'Mod+Shift+7', 'orderedList'],
  ['taskList', 'Task list', 'Mod+Shift+9', 'taskList'],
  ['blockquote', 'Quote', 'Mod+Shift+B', 'quote'],
  ['codeBlock', 'Code block', 'Mod+Alt+C', 'codeBlock'],
] as const satisfies readonly (readonly [keyof typeof TOGGLES, string, string, IconName])[];

function BlockButtons({ editor, state }: PartProps) {
  return (
    <>
      {BLOCK_BUTTONS.map(([name, label, keys, icon]) => (
        <Tool
          key={name}
          label={`${label} (${shortcut(keys)})`}
          pressed={state.active.has(name)}
          onPress={() => runCommand(editor, TOGGLES[name])}
        >
          <Icon name={icon} />
        </Tool>
      ))}
    </>
  );
}

interface ToolProps {
  readonly label: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onPress: () => void;
  readonly children: ComponentChildren;
}

function Tool({ label, pressed, disabled = false, onPress, children }: ToolProps) {
  return (
    <button
      type="button"
      class={`tool${pressed === true ? ' is-on' : ''}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-disabled={disabled}
      // A press must not take the selection out of the text.
      onMouseDown={(event) => {
        event.preventDefault();
      }}
      onClick={() => {
        if (!disabled) onPress();
      }}
    >
      {children}
    </button>
  );
}

function Separator() {
  return <span class="tool-separator" role="separator" aria-orientation="vertical" />;
}

/** Follows the selection, at most once a frame. */
function useToolbarState(editor: Editor): ToolbarState {
  const [state, setState] = useState(() => readToolbarState(editor));
  useEffect(() => {
    let frame = 0;
    const read = (): void => {
      frame = 0;
      if (editor.isDestroyed) return;
      setState((before) => {
        const next = readToolbarState(editor);
        return isSameToolbarState(before, next) ? before : next;
      });
    };
    const schedule = (): void => {
      if (frame === 0) frame = requestAnimationFrame(read);
    };
    editor.on('transaction', schedule);
    schedule();
    return () => {
      editor.off('transaction', schedule);
      cancelAnimationFrame(frame);
    };
  }, [editor]);
  return state;
}

function useToolbarKeys(editor: Editor, ref: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    const bar = ref.current;
    if (bar === null) return undefined;
    const list = (): HTMLElement[] => [...bar.querySelectorAll<HTMLElement>('.tool')];
    const visit = (tool: HTMLElement | undefined): void => {
      if (tool === undefined) return;
      for (const other of list()) other.tabIndex = other === tool ? 0 : -1;
      tool.focus();
    };
    const onKey = (event: KeyboardEvent): void => {
      const tools = list();
      const now = tools.findIndex((tool) => tool === document.activeElement);
      if (now === -1 || event.isComposing) return;
      const targets: Readonly<Record<string, HTMLElement | undefined>> = {
        ArrowRight: tools[(now + 1) % tools.length],
        ArrowLeft: tools.at(now - 1),
        Home: tools[0],
        End: tools.at(-1),
      };
      if (event.key === 'Escape') editor.view.focus();
      else if (Object.hasOwn(targets, event.key)) visit(targets[event.key]);
      else return;
      event.preventDefault();
    };
    const onTextKey = (event: KeyboardEvent): void => {
      if (event.key !== 'F10' || !event.altKey || event.isComposing) return;
      event.preventDefault();
      visit(list().find((tool) => tool.tabIndex === 0));
    };
    list().forEach((tool, index) => {
      tool.tabIndex = index === 0 ? 0 : -1;
    });
    const text = editor.view.dom;
    bar.addEventListener('keydown', onKey);
    text.addEventListener('keydown', onTextKey);
    return () => {
      bar.removeEventListener('keydown', onKey);
      text.removeEventListener('keydown', onTextKey);
    };
  }, [editor, ref]);
}
