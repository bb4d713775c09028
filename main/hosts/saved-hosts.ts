import { z } from 'zod';

/** A host that the user added. */
const SavedHost = z.object({
  id: z.string(),
  /** As one types it to ssh. */
  address: z.string(),
  /** Empty: the address. */
  name: z.string(),
  enabled: z.boolean(),
  /** When it was last connected, in ms since the epoch: what is shown of it while it is not is as old as that. */
  lastReady: z.number().nullable(),
});
export type SavedHost = z.infer<typeof SavedHost>;

export const HOSTS_VERSION = 1;
/** @throws z.ZodError with the path to the field */
export const parseSavedHosts = (value: unknown): SavedHost[] => z.array(SavedHost).parse(value);
