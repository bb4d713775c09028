import { isDeepStrictEqual } from 'node:util';
import { Menu, Tray, type MenuItemConstructorOptions } from 'electron';
import type { Clock } from '../clock';
import { trayIcon } from './icons';
import type { TrayCommand, TrayEntry, TrayMenu } from './tray-menu';

export interface TrayKeeper {
  /** What it shows may have changed. */
  touch(): void;
  /** A panel has come up: icons that were made before it are not shown by it. */
  renew(): void;
  remove(): void;
}

export interface TrayOptions {
  readonly clock: Clock;
  readonly menu: () => TrayMenu;
  readonly onCommand: (command: TrayCommand) => void;
}

/** Panels read the menu anew at each change, so that it changes at most that often, in ms. */
const THROTTLE_MS = 500;

export function createTray({ clock, menu, onCommand }: TrayOptions): TrayKeeper {
  let tray: Tray | null = null;
  let shown: TrayMenu | null = null;
  let cancel: (() => void) | null = null;

  const show = () => {
    const now = menu();
    if (!tray || isDeepStrictEqual(now, shown)) return;
    shown = now;
    tray.setToolTip(now.toolTip);
    tray.setContextMenu(Menu.buildFromTemplate(now.entries.map((entry) => template(entry, onCommand))));
  };
  const make = () => {
    tray?.destroy();
    tray = new Tray(trayIcon(process.platform));
    // On macOS a click opens the menu.
    if (process.platform !== 'darwin') tray.on('click', () => onCommand({ kind: 'open' }));
    shown = null;
    show();
  };
  make();
  return {
    touch() {
      cancel ??= clock.setTimer(THROTTLE_MS, () => {
        cancel = null;
        show();
      });
    },
    renew: make,
    remove() {
      cancel?.();
      tray?.destroy();
      tray = null;
    },
  };
}

function template(entry: TrayEntry, onCommand: TrayOptions['onCommand']): MenuItemConstructorOptions {
  switch (entry.kind) {
    case 'separator':
      return { type: 'separator' };
    case 'text':
      return { label: literally(entry.label), enabled: false };
    case 'menu':
      return { label: literally(entry.label), submenu: entry.entries.map((each) => template(each, onCommand)) };
    case 'item': {
      const { label, command } = entry;
      return { label: literally(label), enabled: command !== null, click: () => void (command && onCommand(command)) };
    }
  }
}

/** In menus an ampersand marks the letter after it. macOS knows no such marks. */
const literally = (label: string): string => (process.platform === 'darwin' ? label : label.replaceAll('&', '&&'));
