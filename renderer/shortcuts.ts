import type { AppView } from '../preload/contract/view';

/** `mod`: with Ctrl, or Cmd on a Mac. Without it the key works when no text is being typed. */
export interface Shortcut {
  key: string;
  mod: boolean;
}

/** As a key cap: "S", "⌘K", "Ctrl K". */
export function shortcutText(shortcut: Shortcut, platform: AppView['platform']): string {
  const key = shortcut.key === ' ' ? 'Space' : shortcut.key.length === 1 ? shortcut.key.toUpperCase() : shortcut.key;
  if (!shortcut.mod) return key;
  return platform === 'darwin' ? `⌘${key}` : `Ctrl ${key}`;
}

/** Whether a key press is this shortcut. A shortcut without `mod` needs every modifier up (Shift makes some keys). */
export function matchesShortcut(
  shortcut: Shortcut,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): boolean {
  if (event.altKey || event.key.toLowerCase() !== shortcut.key.toLowerCase()) return false;
  const mod = event.ctrlKey || event.metaKey;
  if (mod !== shortcut.mod) return false;
  return !event.shiftKey || (!shortcut.mod && !/^[a-z]$/i.test(shortcut.key));
}
