import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../ui/live-region.tsx';
import { Avatar } from '../ui/avatar.tsx';
import { Popover } from '../ui/popover.tsx';
import type { Shared } from './open-document.ts';
import { describeChange, listPeople, type Person, type PresentUser } from './people.ts';

/** Faces that are shown before the rest becomes a number. */
const SHOWN = 4;
/** The same on a narrow screen, as the style sheet has it. */
const SHOWN_NARROW = 2;
/** Milliseconds over which comings and goings are read out together. */
const GATHER = 1_500;

interface PeopleViewProps {
  readonly shared: Shared;
  readonly connected: boolean;
  readonly self: PresentUser;
  readonly onGoTo: (person: Person) => void;
}

/** Who is here. */
export function PeopleView({ shared, connected, self, onGoTo }: PeopleViewProps) {
  const people = usePeople(shared, self);
  useAnnouncements(people);
  const root = useOpenByKey();
  const others = people.filter((person) => !person.self);
  const label = connected ? describePresence(others) : 'Without a connection nobody else can be seen';
  return (
    <div ref={root} class="people" data-testid="people" data-count={people.length}>
      <Popover
        label={label}
        placement="bottom-end"
        triggerClass="people-button"
        trigger={<Faces others={others} connected={connected} />}
        class="people-box"
      >
        {(close) => (
          <PeopleList
            people={people}
            onGoTo={(person) => {
              close();
              onGoTo(person);
            }}
          />
        )}
      </Popover>
    </div>
  );
}

/** Alt+F9 opens the list from wherever one is, as Alt+F10 leads to the formatting. */
function useOpenByKey() {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'F9' || !event.altKey || event.isComposing) return;
      event.preventDefault();
      root.current?.querySelector('button')?.click();
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
    };
  }, []);
  return root;
}

function describePresence(others: readonly Person[]): string {
  if (others.length === 0) return 'Only you are here';
  return `Here with you: ${new Intl.ListFormat('en').format(others.map(({ name }) => name))}`;
}

function Faces({ others, connected }: { readonly others: readonly Person[]; readonly connected: boolean }) {
  if (others.length === 0) return <span class="people-alone">{connected ? 'Only you' : 'No connection'}</span>;
  return (
    <>
      {others.slice(0, SHOWN).map((person) => (
        <Avatar key={person.id} name={person.name} colour={person.color} />
      ))}
      <More hidden={others.slice(SHOWN)} class="on-wide" />
      <More hidden={others.slice(SHOWN_NARROW)} class="on-narrow" />
    </>
  );
}

function More({ hidden, ...rest }: { readonly hidden: readonly Person[]; readonly class: string }) {
  if (hidden.length === 0) return null;
  return (
    <span class={`avatar more ${rest.class}`} title={hidden.map(({ name }) => name).join(', ')}>
      +{hidden.length}
    </span>
  );
}

function PeopleList({
  people,
  onGoTo,
}: {
  readonly people: readonly Person[];
  readonly onGoTo: (person: Person) => void;
}) {
  return (
    <ul class="people-list" aria-label="People here">
      {people.map((person) => (
        <li key={person.id}>
          <Avatar name={person.name} colour={person.color} />
          <span class="person-name" aria-hidden="true">
            {person.name}
            {person.self && <span class="person-self"> (you)</span>}
          </span>
          {!person.self && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                onGoTo(person);
              }}
            >
              Go to<span class="visually-hidden"> {person.name}</span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function usePeople({ awareness }: Shared, self: PresentUser): readonly Person[] {
  const [people, setPeople] = useState<readonly Person[]>(() => listPeople(awareness, self));
  useEffect(() => {
    const read = (): void => {
      const next = listPeople(awareness, self);
      // Presence changes with each caret; who is here does not.
      setPeople((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
    };
    awareness.on('change', read);
    read();
    return () => {
      awareness.off('change', read);
    };
  }, [awareness, self]);
  return people;
}

/** Who was here already when one came; `null` when nobody was. */
function describeFirst(people: readonly Person[]): string | null {
  const others = people.filter((person) => !person.self);
  return others.length === 0 ? null : `${describePresence(others)}.`;
}

function useAnnouncements(people: readonly Person[]): void {
  const told = useRef<readonly Person[] | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      const change = told.current === null ? describeFirst(people) : describeChange(told.current, people);
      told.current = people;
      if (change !== null) announce(change);
    }, GATHER);
    return () => {
      clearTimeout(timer);
    };
  }, [people]);
}
