import type { BrowserWindow, WebContents } from 'electron';
import type { Bridge } from '../ipc/bridge';
import type { Patch } from '../../preload/contract/view';
import { createWindow } from './window';

/** The app's window, which comes and goes. */
export interface OneWindow {
  /** Brings it to the front; makes it where there is none. */
  open(): void;
  /** Opens it, and shows this guest. */
  reveal(guestId: string): void;
  send(patch: Patch): void;
  /** Resolves when the page is loaded, or the window was closed meanwhile. @throws Error when the page cannot be loaded */
  loaded(): Promise<void>;
}

export interface OneWindowOptions {
  readonly serve: (contents: WebContents) => Bridge;
  /** The user closes it; preventDefault keeps it open. */
  readonly onClosing: (event: { preventDefault(): void }) => void;
  readonly onOpened: () => void;
  /** The session of the user ends (Windows). */
  readonly onSessionEnd: () => void;
}

export function createOneWindow({ serve, onClosing, onOpened, onSessionEnd }: OneWindowOptions): OneWindow {
  let open: { readonly window: BrowserWindow; readonly bridge: Bridge; readonly loaded: Promise<void> } | null = null;

  const create = () => {
    const { window, load } = createWindow();
    // The page calls as soon as it runs.
    const bridge = serve(window.webContents);
    window.on('close', onClosing);
    window.on('session-end', onSessionEnd);
    window.once('closed', () => {
      bridge.stop();
      open = null;
    });
    const loaded = load().catch((error: unknown) => {
      // A window that was closed while it loaded is no failure.
      if (!window.isDestroyed()) throw error;
    });
    loaded.catch((error: unknown) => console.error('The window could not be loaded:', error));
    open = { window, bridge, loaded };
    onOpened();
    return open;
  };

  const bring = () => {
    if (!open) return create();
    const { window } = open;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    return open;
  };

  return {
    open: () => void bring(),
    reveal(guestId) {
      const { loaded, bridge } = bring();
      loaded.then(
        () => bridge.reveal(guestId),
        () => undefined, // told by whoever loads it
      );
    },
    send: (patch) => open?.bridge.send(patch),
    loaded: () => open?.loaded ?? Promise.resolve(),
  };
}
