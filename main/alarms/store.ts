import { z } from 'zod';
import type { Clock } from '../clock';
import type { Alarm } from '../power/alarms';
import { openDocument, type Document } from '../storage/document';
import type { FileSystem } from '../storage/file-system';

export type AlarmStore = Document<readonly Alarm[]>;

/** 1: the app kept every alarm. 2: `held`. */
const VERSION = 2;

/** Wall-clock ms since the epoch. */
const Instant = z.number();
const Count = z.int().min(0);
const tries = { attempts: Count, failures: Count, sent: z.boolean() };

const StoredPhase = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pending'), confirmBy: Instant }),
  z.strictObject({ kind: z.literal('armed') }),
  z.strictObject({ kind: z.literal('firing'), ...tries }),
  z.strictObject({
    kind: z.literal('retrying'),
    ...tries,
    after: z.enum(['unreachable', 'failed', 'interrupted']),
    reason: z.string(),
    nextTry: Instant,
  }),
]);

const StoredHeld = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('guest'), at: Instant }),
  z.strictObject({
    kind: z.literal('host'),
    hostId: z.string().min(1),
    job: z.strictObject({
      name: z.string().min(1),
      kind: z.enum(['at', 'systemd-user', 'systemd-system', 'sleeper']),
      ref: z.string(),
      due: Instant.nullable(),
    }),
    keeper: z.string(),
    survives: z.string(),
    blocked: z.boolean(),
  }),
]);

const StoredAlarm = z.strictObject({
  id: z.string().min(1),
  guestId: z.string().min(1),
  holder: z.enum(['guest', 'host', 'app']),
  held: z.exactOptional(StoredHeld),
  action: z.enum(['suspend', 'hibernate', 'hybrid']),
  due: Instant,
  basis: z.enum(['duration', 'instant']),
  createdAt: Instant,
  phase: StoredPhase,
  lateFrom: z.exactOptional(Instant),
});

const unique = (key: 'id' | 'guestId') => (alarms: readonly Alarm[], context: z.RefinementCtx) => {
  const known = new Set<string>();
  for (const [index, alarm] of alarms.entries()) {
    if (known.has(alarm[key]))
      context.addIssue({ code: 'custom', path: [index, key], message: 'there is another alarm for it' });
    known.add(alarm[key]);
  }
};

const heldByItsHolder = (alarms: readonly Alarm[], context: z.RefinementCtx) => {
  for (const [index, { holder, held }] of alarms.entries()) {
    if (held && held.kind !== holder)
      context.addIssue({ code: 'custom', path: [index, 'held'], message: `it is not held by its holder, ${holder}` });
  }
};

const StoredAlarms = z.array(StoredAlarm).superRefine(heldByItsHolder).superRefine(unique('id')).superRefine(unique('guestId'));

/** Alarms of the first version were all kept by the app, whatever they say. */
const migrate = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((alarm: unknown) => (isObject(alarm) ? { ...alarm, holder: 'app' } : alarm)) : value;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** @throws Error naming the path to the first field that is wrong */
export function parseAlarms(value: unknown): readonly Alarm[] {
  const parsed = StoredAlarms.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${['value', ...(issue?.path ?? [])].map(String).join('.')}: ${issue?.message ?? 'not understood'}`,
  );
}

/** Opens `dir`/alarms.json. @throws StorageError as openDocument does */
export function openAlarmStore(options: {
  readonly dir: string;
  readonly fs?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
}): Promise<AlarmStore> {
  return openDocument({ ...options, name: 'alarms', version: VERSION, parse: parseAlarms, migrate, empty: [] });
}
