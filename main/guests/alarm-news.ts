import type { Clock } from '../clock';
import type { History } from '../history/history';
import { actorOf, byNobodyKnown, type Actor } from '../power/actor';
import type { Alarm, AlarmEnding, Cancellation } from '../power/alarms';
import { formatDuration } from '../power/durations';
import type { Held } from '../power/held';
import { clockText } from '../power/local-time';
import { isEnded } from '../power/states';
import type { Guest } from './guest';
import { keeperName } from './holders';
import type { FleetEvent, Notice } from './notices';

/** Tells what becomes of alarms: in the guest's history, by a notice, and to whoever is told while no window is open. */
export interface AlarmNews {
  /** It is in its holder's hands. */
  set(alarm: Alarm, by: Actor): void;
  /** `due`: when it was due before. */
  moved(due: number, alarm: Alarm, by: Actor): void;
  ended(alarm: Alarm, ending: AlarmEnding): void;
  /** The alarms as they are now: those that have become late are told once. */
  changed(alarms: readonly Alarm[]): void;
}

export interface AlarmNewsOptions {
  readonly clock: Clock;
  readonly history: History;
  readonly guest: (id: string) => Guest | undefined;
  readonly onNotice: (notice: Notice) => unknown;
  readonly onEvent: (event: FleetEvent) => void;
}

/** A wake that is later than this, in ms, is told as late. */
const LATE_MS = 30_000;

export function createAlarmNews({ clock, history, guest: find, onNotice, onEvent }: AlarmNewsOptions): AlarmNews {
  const toldLate = new Set<string>();

  const note = ({ guestId }: Alarm, text: string, actor: Actor, failed = false) =>
    history.add(guestId, { kind: 'alarm', text, actor, failed });

  return {
    set(alarm, by) {
      note(alarm, `Alarm set for ${clockText(alarm.due, clock.now())}, kept by ${keeperName(alarm)}.`, by);
    },
    moved(due, alarm, by) {
      note(alarm, movedText(due, alarm.due, clock.now()), by);
    },
    ended(alarm, ending) {
      toldLate.delete(alarm.id);
      const guest = find(alarm.guestId);
      const text = endingText(alarm, ending);
      note(alarm, text, actorOfEnding(ending), ending.kind === 'failed');
      const name = guest?.remembered.name ?? 'A guest';
      const about = guest ? { guestId: guest.id } : {};
      if (ending.kind === 'woken' && ending.late > LATE_MS) {
        onNotice({ ...about, severity: 'warning', title: `${name} was woken late`, message: text });
        onEvent({ ...about, kind: 'late', title: `${name} was woken late`, text });
      } else if (ending.kind === 'woken') {
        onEvent({ ...about, kind: 'woken', title: ending.unwatched ? `${name} is awake` : `${name} was woken`, text });
      } else if (ending.kind === 'cancelled' && ending.why === 'never-slept') {
        const remedy = 'Put it to sleep again if you still want it.';
        onNotice({ ...about, severity: 'error', title: `${name} will not be woken by its alarm`, message: text, remedy });
      } else if (ending.kind === 'failed' && !endedByUser(guest)) {
        const isDue = clock.now() >= alarm.due;
        const title = isDue ? `${name} was not woken by its alarm` : `${name} will not be woken by its alarm`;
        onNotice({
          ...about,
          severity: 'error',
          title,
          message: ending.reason,
          remedy: guest && isEnded(guest.state.name) ? 'Start it again.' : 'Look at its state, and wake it yourself.',
        });
        onEvent({ ...about, kind: 'failed', title, text: ending.reason });
      }
    },
    changed(alarms) {
      for (const { id, guestId, phase, due } of alarms) {
        if (phase.kind !== 'retrying' || clock.now() - due < LATE_MS || toldLate.has(id)) continue;
        toldLate.add(id);
        const name = find(guestId)?.remembered.name ?? 'A guest';
        onEvent({ kind: 'late', guestId, title: `${name} is not awake yet`, text: phase.reason });
      }
    },
  };
}

/** Who shut a guest down or forced it off need not be told that it won't be woken. */
const endedByUser = (guest: Guest | undefined): boolean =>
  guest?.state.cause === 'user' && isEnded(guest.state.name);

const actorOfEnding = (ending: AlarmEnding): Actor => {
  switch (ending.kind) {
    case 'woken':
      return ending.unwatched ? byNobodyKnown : { kind: 'alarm', holder: ending.by };
    case 'cancelled':
      return ending.by;
    case 'ended-early':
      return actorOf(ending.by);
    case 'failed':
      return byNobodyKnown;
  }
};

/** A job that needs the monitor that Reveille holds is not expected to do anything while Reveille runs. */
const isBlocked = (held: Held): boolean => held.kind === 'host' && held.blocked;

function movedText(from: number, to: number, now: number): string {
  const change = `${formatDuration(Math.abs(to - from))} ${to < from ? 'earlier' : 'later'}`;
  return `Alarm moved from ${clockText(from, now)} to ${clockText(to, now)}, ${change}.`;
}

const cancelledTexts: Readonly<Record<Cancellation['why'], string>> = {
  asked: 'Its alarm was cancelled.',
  replaced: 'Its alarm was replaced by another.',
  gone: 'Its alarm was dropped: its host does not know it any more.',
  'sleep-failed': 'Its alarm was dropped, because it did not fall asleep.',
  'never-slept': 'Its alarm was dropped, because it was not seen to fall asleep.',
};

export function endingText(alarm: Alarm, ending: AlarmEnding): string {
  switch (ending.kind) {
    case 'woken':
      return wokenText(alarm, ending);
    case 'cancelled':
      return cancelledTexts[ending.why];
    case 'ended-early':
      return ending.by === 'user'
        ? 'Its alarm ended: you woke it earlier.'
        : 'Its alarm ended: it was awake before its time.';
    case 'failed':
      return `Its alarm failed: ${ending.reason}`;
  }
}

function wokenText(alarm: Alarm, { by, late, unwatched }: Extract<AlarmEnding, { kind: 'woken' }>): string {
  const keeper = keeperName(alarm);
  if (unwatched) return `It was found awake; its alarm, kept by ${keeper}, had come due.`;
  const delay = late > LATE_MS ? `, ${formatDuration(late)} late` : '';
  if (by !== 'app') return `Woken by ${keeper}${delay}.`;
  if (alarm.held && !isBlocked(alarm.held)) return `Woken by Reveille${delay}: ${keeper} had not woken it.`;
  return delay ? `Woken by its alarm${delay}: Reveille was not running, or could not reach it.` : 'Woken by its alarm.';
}
