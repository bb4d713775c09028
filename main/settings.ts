import { z } from 'zod';
import { createQueue } from './guests/queue';
import { RefusedError } from './power/actions';
import type { Document } from './storage/document';
import { StorageError } from './storage/errors';
import { Settings, type SettingsView } from '../preload/contract/settings';

/** What the desktop around the app offers, as it is now. */
export type DesktopFacts = Omit<SettingsView, 'notifications' | 'updates'>;

/** The desktop around the app. */
export interface Desktop {
  facts(): DesktopFacts;
  /** @throws Error in words for the user */
  setStartAtLogin(on: boolean): Promise<void>;
}

/**
 * What is kept in settings.json. Whether the app is started at login is kept by the desktop, where the user can change
 * it, too.
 */
const KeptSettings = z.object({
  notifications: Settings.shape.notifications,
  /** Files of before there were updates do not tell. */
  updates: Settings.shape.updates.default(null),
  /** The demo opens by itself at the first start only. */
  startedBefore: z.boolean(),
  /** The user was told that closing the window leaves Reveille in the tray. */
  trayTold: z.boolean(),
});
export type KeptSettings = z.infer<typeof KeptSettings>;

export const SETTINGS_VERSION = 2;
export const newSettings: KeptSettings = {
  notifications: { woken: true, failed: true, late: true },
  updates: null,
  startedBefore: false,
  trayTold: false,
};

export const parseSettings = (value: unknown): KeptSettings => KeptSettings.parse(value);

/** Version 1 knew only `startedBefore`. @throws Error */
export function migrateSettings(value: unknown, from: number): unknown {
  if (from !== 1) throw new Error(`Settings of version ${from} are not known`);
  return { ...newSettings, ...z.object({ startedBefore: z.boolean() }).parse(value) };
}

export interface SettingsBook {
  readonly kept: KeptSettings;
  value(): Settings;
  view(): SettingsView;
  /** Resolves when it is in force and kept. @throws RefusedError */
  change(to: { [K in keyof Settings]?: Settings[K] | undefined }): Promise<void>;
  /** Remembers something about the use of the app. @throws StorageError */
  note(done: Partial<Pick<KeptSettings, 'startedBefore' | 'trayTold'>>): Promise<void>;
}

export function createSettings(document: Document<KeptSettings>, desktop: Desktop, onChange: () => void): SettingsBook {
  const saves = createQueue();
  /** One after the other, so that no change is made to what another one replaces. */
  const save = (change: Partial<KeptSettings>) => saves.run(() => document.save({ ...document.value, ...change }));

  return {
    get kept() {
      return document.value;
    },
    value: () => ({ ...chosen(document.value), startAtLogin: desktop.facts().startAtLogin }),
    view: () => ({ ...chosen(document.value), ...desktop.facts() }),
    async change({ notifications, startAtLogin, updates }) {
      try {
        if (startAtLogin !== undefined) await setStartAtLogin(desktop, startAtLogin);
        if (notifications !== undefined) await save({ notifications });
        if (updates !== undefined) await save({ updates });
      } catch (error) {
        if (error instanceof StorageError) throw new RefusedError({ code: 'storage', message: error.message });
        throw error;
      } finally {
        onChange();
      }
    },
    note: save,
  };
}

const chosen = ({ notifications, updates }: KeptSettings) => ({ notifications, updates });

/** @throws RefusedError */
async function setStartAtLogin(desktop: Desktop, on: boolean): Promise<void> {
  const { startAtLogin, startAtLoginMissing } = desktop.facts();
  if (startAtLogin === on) return;
  if (startAtLoginMissing !== null) throw new RefusedError({ code: 'unsupported', message: startAtLoginMissing });
  try {
    await desktop.setStartAtLogin(on);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RefusedError({ code: 'storage', message });
  }
}
