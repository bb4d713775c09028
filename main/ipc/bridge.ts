import { ipcMain, type WebContents } from 'electron';
import { channels } from '../../preload/contract/api';
import type { Patch } from '../../preload/contract/view';
import type { Dispatch } from './dispatch';

/** The only page that may call. */
export const PAGE_ORIGIN = 'app://reveille';

/** Answers calls from the window's own page, and from no other sender. */
export function serveBridge(contents: WebContents, dispatch: Dispatch): { send(patch: Patch): void; stop(): void } {
  ipcMain.handle(channels.call, (event, name: unknown, args: unknown) => {
    const frame: Electron.WebFrameMain | null = event.senderFrame;
    if (event.sender !== contents || frame === null || frame !== contents.mainFrame || frame.origin !== PAGE_ORIGIN) {
      throw new Error('A call from a foreign page was refused');
    }
    return dispatch(name, args);
  });
  return {
    send(patch) {
      if (!contents.isDestroyed()) contents.send(channels.patch, patch);
    },
    stop() {
      ipcMain.removeHandler(channels.call);
    },
  };
}
