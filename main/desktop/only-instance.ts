import { app } from 'electron';
import type { Clock } from '../clock';

/** How long the one before may take to end, in ms. */
const WAIT_MS = 20_000;
const TRY_MS = 200;

/**
 * An AppImage that took the place of an older one is started by that one, just before it ends
 * (electron-updater: AppImageUpdater.doInstall).
 */
const isSuccessor = (env: NodeJS.ProcessEnv): boolean => env['APPIMAGE_SILENT_INSTALL'] === 'true';

/** Calls `begin` where no other instance uses the profile, at once if it can; else the app ends, and the other is told by `onOther`. */
export function asOnlyInstance(env: NodeJS.ProcessEnv, clock: Clock, begin: () => void, onOther: (argv: readonly string[]) => void): void {
  const waits = isSuccessor(env);
  const lock = () => app.requestSingleInstanceLock({ waits });
  const asFirst = () => {
    app.on('second-instance', (_event, argv, _directory, data) => {
      // A successor waits for this one to end, and wants nothing of it.
      if (!(data as { waits?: boolean } | null)?.waits) onOther(argv);
    });
    begin();
  };
  if (lock()) return asFirst();
  if (!waits) return app.quit();
  const until = clock.now() + WAIT_MS;
  const again = () => {
    if (lock()) asFirst();
    else if (clock.now() < until) clock.setTimer(TRY_MS, again);
    else app.quit();
  };
  clock.setTimer(TRY_MS, again);
}
