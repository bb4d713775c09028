/** Who keeps an alarm: the guest's own clock, a job on the hypervisor's host, or this app. */
export type AlarmHolder = 'guest' | 'host' | 'app';

/** A job that waits on the guest's host, as that host knows it. */
export interface HeldJob {
  readonly name: string;
  readonly kind: 'at' | 'systemd-user' | 'systemd-system' | 'sleeper';
  readonly ref: string;
  /** By this computer's clock, in ms, as far as the host tells. */
  readonly due: number | null;
}

/** What a holder other than the app has in hand. It was read back from the holder. */
export type Held =
  /** The guest's own clock (RTC) is set to `at`, by this computer's clock in ms. */
  | { readonly kind: 'guest'; readonly at: number }
  | {
      readonly kind: 'host';
      readonly hostId: string;
      readonly job: HeldJob;
      /** For users: "a systemd timer on nas", and what it survives in one sentence. */
      readonly keeper: string;
      readonly survives: string;
      /** The job needs the monitor that this app holds while it runs, so the app wakes the guest at once. */
      readonly blocked: boolean;
    };

interface HeldAlarm {
  /** ms since the epoch */
  readonly due: number;
  readonly held?: Held;
}

/** How long the app gives another holder before it wakes the guest itself, in ms. */
export const BACKUP_MS = 10_000;
/** A guest that wakes this much before its time, in ms, was woken by the holder: clocks tick in whole seconds. */
export const HOLDER_EARLY_MS = 2_000;

/** When the app itself wakes the guest. */
export function appWakesAt({ due, held }: HeldAlarm): number {
  if (!held || (held.kind === 'host' && held.blocked)) return due;
  return due + BACKUP_MS;
}

/** When the holder acts, as far as it is known. */
export const heldUntil = (held: Held): number | null => (held.kind === 'guest' ? held.at : held.job.due);

/** Whether a guest that was found awake at `now`, without the app's doing, was woken by the alarm's holder. */
export function isHoldersDoing({ due, held }: HeldAlarm, now: number): boolean {
  return held !== undefined && now >= Math.min(due, heldUntil(held) ?? due) - HOLDER_EARLY_MS;
}

/** Its alarm depends on this app: nobody else has it in hand, or whoever had let its time pass. */
export const needsTheApp = ({ held, phase }: HeldAlarm & { readonly phase: { readonly kind: string } }): boolean =>
  held === undefined || phase.kind === 'firing' || phase.kind === 'retrying';

/** The clock was set back by `step` (negative) ms: what another clock counts comes that much sooner by this one. */
export function heldAfterStep(held: Held, step: number): Held {
  if (held.kind === 'guest') return { ...held, at: held.at + step };
  const { job } = held;
  return { ...held, job: { ...job, due: job.due === null ? null : job.due + step } };
}
