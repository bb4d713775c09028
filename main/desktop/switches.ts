import { looksLikeLink } from './links';

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
  /** What is to be printed instead of starting. */
  readonly print: 'help' | 'version' | null;
  /** The first argument that is meant to be a link, well written or not. */
  readonly link: string | null;
  /** Switches that are nearly the app's own, each with the one that was probably meant. */
  readonly mistyped: readonly { readonly given: string; readonly meant: string }[];
}

const FLAGS = [HIDDEN, '--print-view', '--help', '--version'] as const;
const PROFILE = '--user-data-dir';

/**
 * Links come from anywhere, and are the last that is read: nothing behind one is a switch, and none is a switch's value.
 * Switches that are not the app's may be Electron's or Chromium's.
 */
export function readSwitches(argv: readonly string[]): Switches {
  const given = new Set<string>();
  const mistyped: { given: string; meant: string }[] = [];
  let userDataDir: string | null = null;
  const at = argv.findIndex(looksLikeLink);
  const end = argv.indexOf('--');
  const switches = argv.slice(0, Math.min(...[at, end].map((place) => (place < 0 ? argv.length : place))));
  for (const [index, arg] of switches.entries()) {
    const [name, value] = splitAtEquals(arg);
    if (name === PROFILE) {
      const folder = value ?? switches[index + 1] ?? '';
      if (userDataDir === null && folder !== '') userDataDir = folder;
    } else if (isFlag(arg)) {
      given.add(arg);
    } else if (name.startsWith('--')) {
      const meant = nearest(name);
      if (meant !== undefined) mistyped.push({ given: arg, meant });
    }
  }
  return {
    userDataDir,
    printView: given.has('--print-view'),
    hidden: given.has(HIDDEN),
    print: given.has('--help') ? 'help' : given.has('--version') ? 'version' : null,
    link: argv[at] ?? null,
    mistyped,
  };
}

const isFlag = (arg: string): boolean => FLAGS.some((flag) => flag === arg);

function splitAtEquals(arg: string): readonly [string, string?] {
  const at = arg.indexOf('=');
  return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}

/** More wrong letters than this make it another word: Chromium has no switch that is nearer to one of the app's. */
const WRONG_LETTERS = 2;

const nearest = (name: string): string | undefined => [...FLAGS, PROFILE].find((own) => distance(name, own) <= WRONG_LETTERS);

/** Levenshtein's. */
function distance(a: string, b: string): number {
  // A name of another length is at least that far away, however long it is.
  if (Math.abs(a.length - b.length) > WRONG_LETTERS) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const [above = 0, beside = 0, before = 0] = [row[j], next[j - 1], row[j - 1]];
      next.push(Math.min(above + 1, beside + 1, before + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Each as a line for the terminal. */
export const mistypedLines = ({ mistyped }: Pick<Switches, 'mistyped'>): readonly string[] =>
  mistyped.map(({ given, meant }) => `Reveille has no switch ${JSON.stringify(given)}, and goes on without. ${meant} was probably meant; see --help.`);

/** What --help prints. */
export const helpText = (version: string): string => `Reveille ${version}: puts virtual machines to sleep and wakes them on time.

Usage: reveille [SWITCH]... [LINK]

  --hidden              start without a window, as at login
  --print-view          print hosts and guests once, when they are known
  --user-data-dir=DIR   keep hosts, alarms, settings and history in DIR;
                        one Reveille runs for each
  --help                print this and end
  --version             print the version and end

A LINK comes last. It shows a guest, and never does anything with it:

  reveille://guest/ID          as "Copy link" gives it
  reveille://guest/HOST/NAME   by the name or address of its host (localhost is
                               this computer), and its own name

Where Reveille runs already, a second start shows its window, or what the link
names, and ends. Other switches are Electron's and Chromium's, such as
--ozone-platform=wayland and --password-store=gnome-libsecret.
`;

/** What is to be printed instead of starting; null: nothing. */
export function printInstead({ print }: Pick<Switches, 'print'>, version: string): string | null {
  switch (print) {
    case 'help':
      return helpText(version);
    case 'version':
      return `${version}\n`;
    case null:
      return null;
  }
}
