import { Menu } from 'electron';

/** macOS needs a menu for the editing shortcuts to work; elsewhere the window does without one. */
export function setMenu(): void {
  Menu.setApplicationMenu(
    process.platform === 'darwin'
      ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }])
      : null,
  );
}
