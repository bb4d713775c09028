const { app, BrowserWindow } = require('electron');

/** The runtime with nothing in it but a window on the lab's page, whose address is the last argument. */
void app.whenReady().then(() => {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    useContentSize: true,
    webPreferences: { sandbox: true, contextIsolation: true },
  });
  return window.loadURL(process.argv.at(-1));
});
app.on('window-all-closed', () => app.quit());
