import { z } from 'zod';

export const Settings = z.object({
  /** System notifications, each off by choice. */
  notifications: z.object({ woken: z.boolean(), failed: z.boolean(), late: z.boolean() }),
  /** Started when the user signs in to this computer, without a window. */
  startAtLogin: z.boolean(),
});
export type Settings = z.infer<typeof Settings>;

export const SettingsView = Settings.extend({
  /** Why it cannot be set here; null where it can. */
  startAtLoginMissing: z.string().nullable(),
  notificationsMissing: z.string().nullable(),
  /** Closing the window leaves Reveille in the tray; false where there is none, and closing ends it. */
  tray: z.boolean(),
});
export type SettingsView = z.infer<typeof SettingsView>;
