import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { updateWorld, type UpdateWorld } from '../../support/update-world';

const SWITCHES = { userDataDir: null, printView: false, hidden: false, print: null, link: null, mistyped: [] } as const;
let world: UpdateWorld;

afterEach(() => world.close());

/** An app for Windows, and what it registers with the system. */
async function onWindows(installed: boolean) {
  world = await updateWorld({ platform: 'win32', file: 'Reveille-setup.exe', bytes: '', installed });
  return { app: world.electron.app, program: path.join(world.dir, 'Reveille.exe') };
}

describe('what Windows is told to start', () => {
  it('for links is the app that the installer put there', async () => {
    const { app, program } = await onWindows(true);
    const { registerLinkScheme } = await import('../../../main/desktop/link-scheme');
    registerLinkScheme();
    expect(app.schemes).toEqual([['reveille', program, ['--']]]);
  });

  it('for links is not what was unpacked from a zip, or by the portable program', async () => {
    const { app } = await onWindows(false);
    const { registerLinkScheme } = await import('../../../main/desktop/link-scheme');
    registerLinkScheme();
    expect(app.schemes).toEqual([]);
  });

  it('when the user signs in is the portable program, not the folder that it unpacks and removes', async () => {
    const { app, program } = await onWindows(false);
    const { createLoginItem } = await import('../../../main/desktop/login-item');
    await createLoginItem({}, SWITCHES).set(true);
    expect(app.loginItem).toMatchObject({ openAtLogin: true, path: program, args: ['--hidden'] });
    await createLoginItem({ PORTABLE_EXECUTABLE_FILE: 'D:\\Reveille-portable.exe' }, SWITCHES).set(true);
    expect(app.loginItem).toMatchObject({ openAtLogin: true, path: 'D:\\Reveille-portable.exe', args: ['--hidden'] });
  });
});
