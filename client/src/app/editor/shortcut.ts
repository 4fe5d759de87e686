const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgent);

/** A shortcut as it is written on this system. */
export function shortcut(keys: string): string {
  return IS_MAC ? keys.replace('Mod+', '⌘').replace('Shift+', '⇧').replace('Alt+', '⌥') : keys.replace('Mod', 'Ctrl');
}
