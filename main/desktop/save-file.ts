import { extname, join } from 'node:path';
import { app, BrowserWindow, dialog } from 'electron';
import { saveAs } from '../storage/save-as';

/**
 * Asks the user where to, and writes the file there.
 * @returns where it is; null when the user cancelled
 * @throws StorageError
 */
export async function saveFile(suggestedName: string, bytes: Uint8Array): Promise<string | null> {
  const type = extname(suggestedName).slice(1);
  const options: Electron.SaveDialogOptions = {
    defaultPath: join(app.getPath('documents'), suggestedName),
    filters: [
      { name: type.toUpperCase(), extensions: [type] },
      { name: 'All files', extensions: ['*'] },
    ],
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  };
  const [window] = BrowserWindow.getAllWindows();
  const { canceled, filePath } = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options));
  if (canceled || !filePath) return null;
  await saveAs(filePath, bytes);
  return filePath;
}
