import type { DocumentView } from '@scriptorium/shared/rest-schemas';
import { roleAllows } from '@scriptorium/shared/roles';
import { useState } from 'preact/hooks';
import { countChanges } from '../../sdk/status-label.ts';
import { documentPath } from '../app-path.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import type { DocumentList } from './document-list.ts';
import { announce } from '../ui/live-region.tsx';
import { NameDialog } from './name-dialog.tsx';
import { describeAge } from './relative-time.ts';

/** One document in the list. */
export function DocumentRow({ record, list }: { readonly record: DocumentView; readonly list: DocumentList }) {
  const [asking, setAsking] = useState<'name' | 'delete' | null>(null);
  const { name, role } = record;
  const kept = list.kept.value.get(name) ?? 0;
  const stop = (): void => {
    setAsking(null);
  };
  const remove = async (): Promise<void> => {
    await list.remove(name);
    announce(`${name} was deleted.`);
    // The row takes the focus with it; whoever uses a keyboard goes on in the list.
    requestAnimationFrame(() => {
      const [link, button] = ['.document-link', '[data-testid="new-document"]'].map((selector) =>
        document.querySelector<HTMLElement>(selector),
      );
      (link ?? button)?.focus();
    });
  };
  return (
    <li class="document-row">
      <a class="document-link" href={documentPath(name)} data-route>
        <Name name={name} />
        {kept > 0 && <span class="kept-badge">{countChanges(kept)} only on this device</span>}
      </a>
      <Age time={record.updatedAt} />
      {roleAllows(role, 'rename') && (
        <Menu
          label={`Actions for ${name}`}
          placement="bottom-end"
          triggerClass="icon-button"
          trigger={<Icon name="more" />}
          groups={[
            {
              items: [
                { label: 'Rename', icon: 'pencil', onSelect: () => setAsking('name') },
                { label: 'Delete', icon: 'trash', danger: true, onSelect: () => setAsking('delete') },
              ],
            },
          ]}
        />
      )}
      {asking === 'name' && (
        <NameDialog
          title="Rename document"
          name={name}
          submit="Rename"
          onSubmit={(newName) => list.rename(name, newName)}
          onClose={stop}
        />
      )}
      {asking === 'delete' && <DeleteDialog name={name} onDelete={remove} onClose={stop} />}
    </li>
  );
}

/** The last part of a name stands out from the folders before it. */
function Name({ name }: { readonly name: string }) {
  const cut = name.lastIndexOf('/') + 1;
  return (
    <span class="document-name">
      {cut > 0 && <span class="document-folder">{name.slice(0, cut)}</span>}
      {name.slice(cut)}
    </span>
  );
}

function Age({ time }: { readonly time: string }) {
  const at = Date.parse(time);
  return (
    <time class="document-age" dateTime={time} title={new Date(at).toLocaleString()}>
      {describeAge(at, Date.now())}
    </time>
  );
}
