import { join } from 'node:path';
import { app, BrowserWindow, session, type WebContents } from 'electron';
import { windowIcon } from './icons';

const PAGE = 'app://reveille/index.html';

/** Everything that a page could use to leave its own: denied for every web contents there will ever be. */
export function lockDown(): void {
  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => {
      // The page may load itself anew.
      if (event.url !== PAGE) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
}

/** The one window. `load` it when its bridge is served. */
export function createWindow(): { window: BrowserWindow; load(): Promise<void> } {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Reveille',
    icon: windowIcon(),
    webPreferences: {
      preload: join(__dirname, '../preload/preload.js'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  // Main has all the state: a page that crashed is loaded anew.
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    console.error(`The window's page was lost (${reason}); it is loaded anew.`);
    if (reason !== 'clean-exit') window.webContents.reload();
  });
  window.once('ready-to-show', () => window.show());
  return { window, load: () => window.loadURL(PAGE) };
}
