import { initialsOf } from '@scriptorium/shared/person-colour';

/** A person as a coloured disc with initials; the name is for whoever cannot see it. */
export function Avatar({ name, colour }: { readonly name: string; readonly colour: string }) {
  return (
    <span class="avatar" style={{ '--person': colour }} title={name}>
      <span aria-hidden="true">{initialsOf(name)}</span>
      <span class="visually-hidden">{name}</span>
    </span>
  );
}
