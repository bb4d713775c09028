import { z } from 'zod';

/** ms since the epoch; a Date takes no more (ECMA-262, Time Values). */
const At = z.number().int().min(-8.64e15).max(8.64e15);
/** Ids of subjects: guests and hosts. */
const Id = z.string().min(1).max(400);

const Actor = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user') }),
  z.object({ kind: z.literal('schedule'), name: z.string() }),
  z.object({ kind: z.literal('alarm'), holder: z.enum(['guest', 'host', 'app']) }),
  z.object({ kind: z.literal('guest') }),
  z.object({ kind: z.literal('host') }),
  z.object({ kind: z.literal('unknown') }),
]);

const Entry = z.object({
  id: Id,
  at: At,
  kind: z.enum(['state', 'action', 'alarm', 'clock', 'error']),
  text: z.string(),
  actor: Actor,
  failed: z.boolean(),
});

const State = z.object({
  id: Id,
  at: At,
  /** The watch it was seen in. */
  watch: z.number().int(),
  state: z.enum(['running', 'suspended', 'hibernated', 'paused', 'saved', 'off', 'crashed', 'unknown']),
  source: z.enum(['event', 'query', 'inference']),
  cause: z.enum(['user', 'timer', 'guest', 'host', 'unknown']),
});

/** A stretch of time in which somebody looked: the app ran, and this computer was awake. */
const Watch = z.object({
  watch: z.number().int(),
  from: At,
  /** The last moment of it that is known. */
  to: At,
  /** Nothing is known from before it: the app was started. */
  first: z.boolean(),
});

/** What was known of a subject is forgotten. */
const Forgotten = z.object({ forgotten: Id });

export type EntryRecord = z.infer<typeof Entry>;
export type StateRecord = z.infer<typeof State>;
export type WatchRecord = z.infer<typeof Watch>;
export type ForgottenRecord = z.infer<typeof Forgotten>;
/** One line of the history's log. */
export type HistoryRecord = EntryRecord | StateRecord | WatchRecord | ForgottenRecord;

/** @throws z.ZodError */
export function parseRecord(value: unknown): HistoryRecord {
  if (typeof value !== 'object' || value === null) return Entry.parse(value);
  // A union would try one after the other, which takes twice as long; there may be tens of thousands at the start.
  if ('state' in value) return State.parse(value);
  if ('from' in value) return Watch.parse(value);
  if ('forgotten' in value) return Forgotten.parse(value);
  return Entry.parse(value);
}
