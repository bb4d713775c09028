/**
 * What the packages are to the systems: electron-builder.yml's appId. Windows groups windows by it, and shows notifications
 * for the shortcut that has it.
 */
export const APP_ID = 'app.reveille.Reveille';
