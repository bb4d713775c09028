import { z } from 'zod';

/** What to do about newer versions of the app. */
export const UpdateChoice = z.enum(['off', 'notify', 'install']);
export type UpdateChoice = z.infer<typeof UpdateChoice>;

export const Settings = z.object({
  /** System notifications, each off by choice. */
  notifications: z.object({ woken: z.boolean(), failed: z.boolean(), late: z.boolean() }),
  /** Started when the user signs in to this computer, without a window. */
  startAtLogin: z.boolean(),
  /** null: not asked yet, and nothing is looked for. */
  updates: UpdateChoice.nullable(),
});
export type Settings = z.infer<typeof Settings>;

export const SettingsView = Settings.extend({
  /** Why it cannot be set here; null where it can. */
  startAtLoginMissing: z.string().nullable(),
  notificationsMissing: z.string().nullable(),
  /** Why newer versions cannot be looked for here. */
  updatesMissing: z.string().nullable(),
  /** Closing the window leaves Reveille in the tray; false where there is none, and closing ends it. */
  tray: z.boolean(),
});
export type SettingsView = z.infer<typeof SettingsView>;

/** A newer version of the app. */
export const UpdateView = z.discriminatedUnion('kind', [
  /** None is known. `looked`: when that was last asked, in ms since the epoch. */
  z.object({ kind: z.literal('none'), looked: z.number().nullable() }),
  z.object({ kind: z.literal('looking') }),
  z.object({ kind: z.literal('found'), version: z.string(), canInstall: z.boolean() }),
  z.object({ kind: z.literal('downloading'), version: z.string() }),
  /** Installed when the app ends, or at once. */
  z.object({ kind: z.literal('ready'), version: z.string() }),
]);
export type UpdateView = z.infer<typeof UpdateView>;
