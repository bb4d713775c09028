import { ipcMain, type WebContents } from 'electron';
import { channels } from '../../preload/contract/api';
import type { Patch } from '../../preload/contract/view';
import type { Dispatch } from './dispatch';

/** The only page that may call. */
export const PAGE_ORIGIN = 'app://reveille';

export interface Bridge {
  send(patch: Patch): void;
  /** The page is to show this guest; it has to be loaded. */
  reveal(guestId: string): void;
  stop(): void;
}

/** Answers calls from the window's own page, and from no other sender. One window is served at a time. */
export function serveBridge(contents: WebContents, dispatch: Dispatch): Bridge {
  ipcMain.handle(channels.call, (event, name: unknown, args: unknown) => {
    const frame: Electron.WebFrameMain | null = event.senderFrame;
    if (event.sender !== contents || frame === null || frame !== contents.mainFrame || frame.origin !== PAGE_ORIGIN) {
      throw new Error('A call from a foreign page was refused');
    }
    return dispatch(name, args);
  });
  const say = (channel: string, what: unknown) => {
    if (!contents.isDestroyed()) contents.send(channel, what);
  };
  return {
    send: (patch) => say(channels.patch, patch),
    reveal: (guestId) => say(channels.reveal, guestId),
    stop() {
      ipcMain.removeHandler(channels.call);
    },
  };
}
