/** Start without a window, as at login. */
export const HIDDEN = '--hidden';

/** The app's own switches, read from its arguments. */
export interface Switches {
  /** --user-data-dir DIR or --user-data-dir=DIR: the profile's folder. */
  readonly userDataDir: string | null;
  /** --print-view: print hosts and guests once when they are known. */
  readonly printView: boolean;
  /** --hidden */
  readonly hidden: boolean;
}

export function readSwitches(argv: readonly string[]): Switches {
  const at = argv.findIndex((arg) => arg === '--user-data-dir' || arg.startsWith('--user-data-dir='));
  const given = at < 0 ? undefined : argv[at];
  const value = given === '--user-data-dir' ? argv[at + 1] : given?.slice('--user-data-dir='.length);
  return {
    userDataDir: value === undefined || value === '' ? null : value,
    printView: argv.includes('--print-view'),
    hidden: argv.includes(HIDDEN),
  };
}
