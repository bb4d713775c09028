import type { Clock } from './clock';
import { RefusedError } from './power/actions';
import type { UpdateChoice, UpdateView } from '../preload/contract/settings';

/** A version that is newer than this one. */
export interface FoundUpdate {
  readonly version: string;
  /** This kind of package can put another in its place; otherwise the user, or the system's package manager, does. */
  readonly canInstall: boolean;
}

/** Where newer versions come from. Signatures and hashes are its to check. */
export interface UpdateSource {
  /** Why none can be looked for; null where they can. */
  readonly missing: string | null;
  /** @returns null when this is the newest @throws Error when nobody can be asked, as offline */
  check(): Promise<FoundUpdate | null>;
  /**
   * Fetches the one that was found, checks it, and leaves it to be put in place when the app ends, if that is wanted by then.
   * Again for the same one: what was fetched is not fetched again. @throws Error in words for the user
   */
  download(): Promise<void>;
  /** Puts the downloaded one in place now, and starts it. */
  install(): void;
  /**
   * Whether what is downloaded from now on is put in place when the app ends. A no holds for what was downloaded before, too, but
   * for what macOS has taken.
   */
  installWhenQuit(on: boolean): void;
}

export interface Updates {
  readonly missing: string | null;
  view(): UpdateView;
  /** Looks now and again from now on, if the user wants it. */
  start(): void;
  stop(): void;
  /** The user changed what is wanted. */
  choiceChanged(): void;
  /** Looks because the user asks. @throws RefusedError */
  look(): Promise<void>;
  /** @throws RefusedError */
  install(): void;
}

export interface UpdatesOptions {
  readonly clock: Clock;
  readonly source: UpdateSource;
  /** null: the user was not asked yet, so that nothing is looked for. */
  readonly choice: () => UpdateChoice | null;
  readonly onChange: () => void;
}

/** After the start, which has other things to do. */
const FIRST_LOOK_MS = 30_000;
const LOOK_EVERY_MS = 24 * 3_600_000;
/** A look that failed is repeated without a word: offline is no fault. */
const LOOK_AGAIN_MS = 3_600_000;

/** Looks for newer versions of the app, if and as the user wants. Offline it is silent. */
export function createUpdates({ clock, source, choice, onChange }: UpdatesOptions): Updates {
  let state: UpdateView = { kind: 'none', looked: null };
  let cancelWait = () => {};
  let running = false;
  let busy: Promise<void> | null = null;

  const become = (next: UpdateView) => {
    state = next;
    onChange();
  };
  const isWanted = () => choice() === 'notify' || choice() === 'install';
  const isForQuit = () => choice() === 'install';

  const wait = (ms: number) => {
    cancelWait();
    cancelWait = () => {};
    if (running && source.missing === null && isWanted()) cancelWait = clock.setTimer(ms, () => byItself(look));
  };

  /** Nobody asked for it, and nobody is told that it failed. */
  function byItself(work: () => Promise<void>): void {
    void once(work).then(
      () => wait(LOOK_EVERY_MS),
      () => wait(LOOK_AGAIN_MS),
    );
  }

  /** One look or download at a time; who comes meanwhile waits for the same. */
  function once(work: () => Promise<void>): Promise<void> {
    busy ??= work().finally(() => (busy = null));
    return busy;
  }

  async function look(): Promise<void> {
    const before = state;
    if (before.kind === 'ready') return;
    become({ kind: 'looking' });
    let found: FoundUpdate | null;
    try {
      found = await source.check();
    } catch (error) {
      become(before);
      throw error;
    }
    if (!found) return become({ kind: 'none', looked: clock.now() });
    become({ kind: 'found', ...found });
    if (found.canInstall && isForQuit()) await download(found);
  }

  async function download(found: FoundUpdate): Promise<void> {
    become({ kind: 'downloading', version: found.version });
    try {
      let forQuit: boolean;
      do {
        forQuit = isForQuit();
        source.installWhenQuit(forQuit);
        await source.download();
      } while (isForQuit() && !forQuit);
    } catch (error) {
      become({ kind: 'found', ...found });
      throw error;
    }
    become({ kind: 'ready', version: found.version });
  }

  const fetchFound = (found: FoundUpdate) => once(() => download(found));

  const refused = (error: unknown): RefusedError =>
    new RefusedError({
      code: 'update',
      message: `Newer versions could not be looked for: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'Check that this computer is online, and try again.',
    });

  return {
    missing: source.missing,
    view: () => state,
    start() {
      running = true;
      wait(FIRST_LOOK_MS);
    },
    stop() {
      running = false;
      cancelWait();
    },
    choiceChanged() {
      source.installWhenQuit(isForQuit());
      // Who has just said yes wants to know now.
      if (state.kind !== 'ready') return wait(0);
      const { version } = state;
      if (isForQuit()) byItself(() => download({ version, canInstall: true }));
    },
    async look() {
      if (source.missing !== null) throw new RefusedError({ code: 'unsupported', message: source.missing });
      try {
        await once(look);
        // The user wants it, whatever is done without being asked.
        if (state.kind === 'found' && state.canInstall) await fetchFound(state);
      } catch (error) {
        throw refused(error);
      }
    },
    install() {
      if (state.kind !== 'ready') {
        throw new RefusedError({ code: 'wrong-state', message: 'No newer version is ready to be installed.', remedy: 'Look for one first.' });
      }
      source.install();
    },
  };
}
