import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the desktop looks for what it starts at login. Source: Desktop Application Autostart Specification. */
export const autostartFile = (env: NodeJS.ProcessEnv, home: string): string => {
  const config = env['XDG_CONFIG_HOME'];
  return join(config === undefined || config === '' ? join(home, '.config') : config, 'autostart', 'reveille.desktop');
};

/** An entry that starts `command`: the program, and its arguments. */
export const autostartEntry = (command: readonly string[]): string => `[Desktop Entry]
Type=Application
Name=Reveille
Comment=Keeps the alarms of sleeping virtual machines
Exec=${command.map(quoted).join(' ')}
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`;

/**
 * One argument of Exec. Source: Desktop Entry Specification, "The Exec key": it is quoted as a whole, some characters are
 * escaped for the shell's sake, backslashes once more because values of type string are escaped, and % begins a field code.
 */
function quoted(argument: string): string {
  const inQuotes = argument.replace(/["`$\\]/g, '\\$&');
  return `"${inQuotes.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('\n', '\\n')}"`;
}

/** Whether the file is there, and the user or the desktop has not switched it off. @throws Error as readFile */
export async function autostartIsOn(file: string): Promise<boolean> {
  try {
    const text = await readFile(file, 'utf8');
    return !/^\s*(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/m.test(text);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** @throws Error in words for the user */
export async function setAutostart(file: string, command: readonly string[] | null): Promise<void> {
  try {
    if (command === null) {
      await rm(file, { force: true });
      return;
    }
    await mkdir(join(file, '..'), { recursive: true });
    const fresh = `${file}.new`;
    const handle = await open(fresh, 'w', 0o644);
    try {
      await handle.writeFile(autostartEntry(command));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} could not be ${command === null ? 'removed' : 'written'}: ${why}. Make its folder writable for your user, and try again.`, {
      cause: error,
    });
  }
}
