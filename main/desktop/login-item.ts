import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { app } from 'electron';
import { autostartFile, autostartIsOn, setAutostart } from './autostart';
import { HIDDEN, type Switches } from './switches';

/** What starts the app when the user signs in to this computer. */
export interface LoginItem {
  /** Why it cannot be set here; null where it can. */
  readonly missing: string | null;
  /** As of the last look. */
  readonly isOn: boolean;
  /** Looks anew: the user can change it in the system's own settings. Never rejects. */
  look(): Promise<void>;
  /** @throws Error in words for the user */
  set(on: boolean): Promise<void>;
}

export function createLoginItem(env: NodeJS.ProcessEnv, switches: Switches): LoginItem {
  const missing = whyMissing(env);
  const way = missing === null ? wayFor(process.platform, env, switches) : null;
  let isOn = false;
  return {
    missing,
    get isOn() {
      return isOn;
    },
    async look() {
      try {
        isOn = (await way?.isOn()) ?? false;
      } catch (error) {
        console.error('Whether Reveille is started at login could not be read:', error);
      }
    },
    async set(on) {
      await way?.set(on);
      isOn = on;
    },
  };
}

/** The system started the app at login, without switches: macOS passes none on. */
export const openedAtLogin = (): boolean => process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin;

function whyMissing(env: NodeJS.ProcessEnv): string | null {
  if (process.platform === 'linux' && (env['FLATPAK_ID'] ?? env['SNAP']) !== undefined) {
    return 'This Reveille runs in a sandbox that keeps it from setting this. Add it to the startup applications of your desktop.';
  }
  if (process.platform === 'darwin' && !app.isPackaged) {
    return 'This Reveille runs from its source. Build and install the app, and set it there.';
  }
  return null;
}

/** Program and arguments that start this app, with this profile, without a window. */
function hiddenStart(env: NodeJS.ProcessEnv, { userDataDir }: Switches): { program: string; args: string[] } {
  return {
    // Those two unpack what runs to where it is gone by then.
    program: env['APPIMAGE'] ?? env['PORTABLE_EXECUTABLE_FILE'] ?? process.execPath,
    args: [
      ...(app.isPackaged ? [] : [app.getAppPath()]),
      ...(process.argv.includes('--no-sandbox') ? ['--no-sandbox'] : []),
      HIDDEN,
      ...(userDataDir === null ? [] : [`--user-data-dir=${resolve(userDataDir)}`]),
    ],
  };
}

function wayFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, switches: Switches) {
  const { program, args } = hiddenStart(env, switches);
  if (platform === 'linux') {
    const file = autostartFile(env, homedir());
    return { isOn: () => autostartIsOn(file), set: (on: boolean) => setAutostart(file, on ? [program, ...args] : null) };
  }
  const item = platform === 'win32' ? { path: program, args: args.map(windowsArgument) } : {};
  return {
    isOn: () => Promise.resolve(app.getLoginItemSettings(item).openAtLogin),
    set(on: boolean) {
      app.setLoginItemSettings({ openAtLogin: on, ...item });
      return Promise.resolve();
    },
  };
}

/** Electron puts the arguments into the registry as they are. */
const windowsArgument = (argument: string): string => (/\s/.test(argument) ? `"${argument}"` : argument);
