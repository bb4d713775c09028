import { app, powerMonitor } from 'electron';
import type { QuitAnswer } from '../quit-question';

export interface Quitting {
  /** The app ends: nothing asks or holds it up any more. */
  readonly leaving: boolean;
  /** Ends the app without a question. */
  leave(): void;
  /** Somebody else is about to end it. */
  letGo(): void;
  /** Nobody does, after all: that end does not come, and all asks again. */
  stay(): void;
}

/**
 * Asks when the user quits and something depends on the app. Signals and the system's shutdown do not ask: nobody may be
 * there to answer. To be called when Electron is ready; its own handlers of signals would ask.
 */
export function createQuitting(dependsOnApp: () => boolean, ask: () => Promise<QuitAnswer>): Quitting {
  let leaving = false;
  let isCalledOff = false;
  const leave = () => {
    leaving = true;
    app.quit();
  };
  app.on('before-quit', (event) => {
    if (isCalledOff) return event.preventDefault();
    if (leaving) return;
    if (!dependsOnApp()) {
      leaving = true;
      return;
    }
    event.preventDefault();
    void ask().then((answer) => {
      if (answer === 'quit') leave();
    });
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
  powerMonitor.on('shutdown', leave);
  return {
    get leaving() {
      return leaving;
    },
    leave,
    letGo: () => void (leaving = true),
    stay() {
      leaving = false;
      // electron-updater may have said already that the app quits in the event loop's next turn.
      isCalledOff = true;
      setImmediate(() => (isCalledOff = false));
    },
  };
}
