import type { AlarmView } from '../../preload/contract/view';
import { asOfWords, clockTime, countdown, dayAndTime, exactTime, nextTryText, sinceWords, wakesText } from '../time';
import { seconds, tenSeconds, useTicked } from './ticker';

/** "2 min", with the exact time as the tooltip. */
export function Since({ at }: { at: number }) {
  const words = useTicked(tenSeconds, (now) => sinceWords(now - at));
  return (
    <time className="since" dateTime={new Date(at).toISOString()} title={`Since ${exactTime(at)}`}>
      {words}
    </time>
  );
}

/** "as of 5 min ago", with the exact time as the tooltip. */
export function AsOf({ at }: { at: number }) {
  const words = useTicked(tenSeconds, (now) => asOfWords(now - at));
  return (
    <time className="as-of" dateTime={new Date(at).toISOString()} title={`Last seen ${exactTime(at)}`}>
      {words}
    </time>
  );
}

/** "Next try in 0:12" */
export function NextTry({ at }: { at: number }) {
  const words = useTicked(seconds, (now) => nextTryText(at, now));
  return (
    <time className="next-try" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {words}
    </time>
  );
}

/** "in 4:59": runs down by the second. */
export function InCountdown({ at }: { at: number }) {
  const words = useTicked(seconds, (now) => (at <= now ? 'now' : `in ${countdown(at - now)}`));
  return (
    <time className="countdown" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {words}
    </time>
  );
}

/** "14:02" or "yesterday 14:02", with the exact time as the tooltip. */
export function Moment({ at }: { at: number }) {
  const words = useTicked(tenSeconds, (now) => dayAndTime(at, now));
  return (
    <time className="moment" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {words}
    </time>
  );
}

/** "Wakes 07:00 · in 7:59:58": runs down by the second from the alarm's absolute time. */
export function WakesText({ alarm }: { alarm: AlarmView }) {
  return alarm.phase === 'retrying' ? (
    <span className="wakes">Wakes late: was due {clockTime(alarm.due)}, trying again</span>
  ) : (
    <WakesAt due={alarm.due} />
  );
}

export function WakesAt({ due }: { due: number }) {
  const words = useTicked(seconds, (now) => wakesText(due, now));
  return (
    <time className="wakes" dateTime={new Date(due).toISOString()} title={exactTime(due)}>
      {words}
    </time>
  );
}
