import { choosePersonColour } from '@scriptorium/shared/person-colour';
import { forgetAndSignOut } from '../sign-out.ts';
import { signedIn } from '../session.ts';
import { chooseTheme, theme, THEMES, type Theme } from '../theme.ts';
import { Avatar } from './avatar.tsx';
import { Menu } from './menu.tsx';

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

/** Who is signed in, how the app looks, and the way out. */
export function AccountMenu() {
  const user = signedIn.value?.user;
  if (user === undefined) return null;
  const themes = THEMES.map((name) => ({
    label: THEME_NAMES[name],
    chosen: theme.value === name,
    onSelect: () => {
      chooseTheme(name);
    },
  }));
  return (
    <Menu
      label={`${user.name}: theme and sign-out`}
      placement="bottom-end"
      triggerClass="avatar-button"
      trigger={<Avatar name={user.name} colour={choosePersonColour(user.id)} />}
      groups={[
        { heading: 'Theme', items: themes },
        {
          heading: user.name,
          items: [{ label: 'Sign out', icon: 'signOut', onSelect: () => void forgetAndSignOut() }],
        },
      ]}
    />
  );
}
