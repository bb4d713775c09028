import { z } from 'zod';
import { AlarmHolder, Cause, PowerStateName, Source } from './vocabulary';

const Instant = z.number();
const Text = z.string();

/** Who did it: the user, a schedule, the holder of an alarm, the guest or its host themselves. */
export const Actor = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user') }),
  z.object({ kind: z.literal('schedule'), name: Text }),
  z.object({ kind: z.literal('alarm'), holder: AlarmHolder }),
  z.object({ kind: z.literal('guest') }),
  z.object({ kind: z.literal('host') }),
  z.object({ kind: z.literal('unknown') }),
]);
export type Actor = z.infer<typeof Actor>;

export const HistoryEntry = z.object({
  at: Instant,
  kind: z.enum(['state', 'action', 'alarm', 'clock', 'error']),
  text: Text,
  actor: Actor,
  failed: z.boolean(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** A stretch of time in one state. `unknown` where nobody looked. */
export const TimelineSegment = z.object({
  from: Instant,
  to: Instant,
  state: PowerStateName,
  source: Source,
  cause: Cause,
});
export type TimelineSegment = z.infer<typeof TimelineSegment>;

/** State over time of one guest or host between two instants. */
export const TimelineRow = z.object({
  /** A guest's or a host's id. */
  id: z.string(),
  name: Text,
  segments: z.array(TimelineSegment),
  events: z.array(HistoryEntry),
});
export type TimelineRow = z.infer<typeof TimelineRow>;
