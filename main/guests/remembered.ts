import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDomain, type Listed } from '../hosts/listed';

const Recipe = z.object({
  executable: z.string(),
  args: z.array(z.string()),
  cwd: z.string().nullable(),
  daemonizes: z.boolean(),
  startsPaused: z.boolean(),
  notStartable: z.string().exactOptional(),
});

const Address = z.union([
  z.object({ kind: z.literal('unix'), path: z.string() }),
  z.object({ kind: z.literal('tcp'), host: z.string(), port: z.number().int() }),
  z.object({ kind: z.literal('pipe'), path: z.string() }),
]);

const Last = z.object({
  name: z.enum(['running', 'suspended', 'hibernated', 'paused', 'saved', 'off', 'crashed', 'unknown']),
  since: z.number().nullable(),
  source: z.enum(['event', 'query', 'inference']),
  cause: z.enum(['user', 'timer', 'guest', 'host', 'unknown']),
  detail: z.string().exactOptional(),
});

/** What is kept of a guest over restarts of the app. */
const Remembered = z.object({
  id: z.string(),
  hostId: z.string(),
  key: z.string(),
  name: z.string(),
  uuid: z.string().nullable(),
  /** Files of the first version have none: it knew plain QEMU only. */
  manager: z.enum(['qemu', 'libvirt']).default('qemu'),
  memoryMiB: z.number().nullable(),
  vcpus: z.number().nullable(),
  machineType: z.string().nullable(),
  /** Its monitors, as they were listed last. Files of the first versions have none. */
  monitors: z.array(Address).default([]),
  /** Proxmox's number of it, likewise. */
  vmid: z.number().int().nullable().default(null),
  /** How it was started, as seen; null when it could not be read. */
  recipe: Recipe.nullable(),
  /** The user has read the recipe as it is now. */
  startAccepted: z.boolean(),
  /** Set for a guest that was added by hand. */
  manual: z.object({ monitor: Address, agent: Address.nullable() }).nullable(),
  /** The last state that was seen. */
  last: Last,
  /** The kernel's boot id when it was last asked, to tell a resume from a boot. */
  bootId: z.string().nullable(),
  /** It was put to sleep through Reveille. Files of the first version do not tell. */
  sleptBefore: z.boolean().default(false),
  /** When an alarm of its own clock that Reveille set may ring, in ms since the epoch. Files of the first version set none. */
  rtcAlarm: z.number().nullable().default(null),
  /** A hibernation that was asked for and whose end was not seen yet. */
  hibernating: z.boolean(),
});
export type Remembered = z.infer<typeof Remembered>;

export const GUESTS_VERSION = 1;
/** @throws z.ZodError with the path to the field */
export const parseRemembered = (value: unknown): Remembered[] => z.array(Remembered).parse(value);

/** The same guest on the same host has the same id, in every run of the app. */
export const guestId = (hostId: string, key: string): string =>
  `${hostId}-${createHash('sha256').update(`${hostId}\0${key}`).digest('base64url').slice(0, 20)}`;

/** By its id alone: it may be gone. */
export const isGuestOf = (hostId: string, id: string): boolean => id.startsWith(`${hostId}-`);

/** What is known of a guest before it was asked anything. */
export const notAskedYet: Pick<Remembered, 'startAccepted' | 'last' | 'bootId' | 'sleptBefore' | 'rtcAlarm' | 'hibernating'> = {
  startAccepted: false,
  last: {
    name: 'unknown',
    since: null,
    source: 'inference',
    cause: 'unknown',
    detail: 'It has not been asked yet.',
  },
  bootId: null,
  sleptBefore: false,
  rtcAlarm: null,
  hibernating: false,
};

/** A guest that is seen for the first time. */
export const firstSeen = (hostId: string, found: Listed): Remembered => ({
  id: guestId(hostId, found.key),
  hostId,
  key: found.key,
  ...described(found),
  ...notAskedYet,
  manual: null,
});

/** What the host's listing tells of a guest. */
export const described = (
  found: Listed,
): Pick<Remembered, 'name' | 'uuid' | 'manager' | 'memoryMiB' | 'vcpus' | 'machineType' | 'monitors' | 'vmid' | 'recipe'> => ({
  name: found.name,
  uuid: found.uuid,
  manager: isDomain(found) ? 'libvirt' : 'qemu',
  memoryMiB: found.memoryMiB,
  vcpus: found.vcpus,
  machineType: found.machine,
  monitors: isDomain(found) ? [] : found.monitors,
  vmid: isDomain(found) ? null : (found.vmid ?? null),
  recipe: isDomain(found) ? null : found.recipe,
});
