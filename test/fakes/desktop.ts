import type { Desktop, DesktopFacts } from '../../main/settings';

export interface FakeDesktop extends Desktop {
  /** What it offers from now on. */
  change(facts: Partial<DesktopFacts>): void;
  /** The next change of what starts at login fails with this. */
  failNext(error: Error): void;
}

/** A desktop with a tray, notifications and a login item that is off. */
export function fakeDesktop(given: Partial<DesktopFacts> = {}): FakeDesktop {
  let facts: DesktopFacts = { startAtLogin: false, startAtLoginMissing: null, notificationsMissing: null, updatesMissing: null, tray: true, ...given };
  let failure: Error | null = null;
  return {
    facts: () => facts,
    setStartAtLogin(on) {
      const error = failure;
      failure = null;
      if (error) return Promise.reject(error);
      facts = { ...facts, startAtLogin: on };
      return Promise.resolve();
    },
    change: (to) => void (facts = { ...facts, ...to }),
    failNext: (error) => void (failure = error),
  };
}
