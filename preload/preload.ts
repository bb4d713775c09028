import { contextBridge, ipcRenderer } from 'electron';
import { channels, commandNames } from './contract/api';
import type { Patch } from './contract/view';

const calls = Object.fromEntries(
  commandNames.map((name) => [name, (args: unknown) => ipcRenderer.invoke(channels.call, name, args)]),
);

contextBridge.exposeInMainWorld('api', {
  ...calls,
  onPatch(listener: (patch: Patch) => void) {
    const forward = (_event: unknown, patch: Patch) => listener(patch);
    ipcRenderer.on(channels.patch, forward);
    return () => void ipcRenderer.off(channels.patch, forward);
  },
  onReveal(listener: (guestId: string) => void) {
    const forward = (_event: unknown, guestId: string) => listener(guestId);
    ipcRenderer.on(channels.reveal, forward);
    return () => void ipcRenderer.off(channels.reveal, forward);
  },
});
