import type { Occurrence, ScheduleView } from '../../../preload/contract/schedules';
import { occurrenceWords } from '../../schedule-words';
import { exactTime } from '../../time';
import { tenSeconds, useTicked } from '../../ui/ticker';

/** "Sleeps today 23:30, wakes tomorrow 07:00", with the exact times as the tooltip. */
export function OccurrenceWords({ occurrence }: { occurrence: Occurrence }) {
  const words = useTicked(tenSeconds, (now) => occurrenceWords(occurrence, now));
  const exact = [occurrence.sleep, occurrence.wake].flatMap((at) => (at === null ? [] : [exactTime(at)]));
  return (
    <span className="occurrence" title={exact.join(' to ')}>
      {words}
    </span>
  );
}

/** When a schedule is next, in its row; the one that is left out is crossed out, and the one after it said. */
export function NextTime({ schedule: { paused, skipsNext, next } }: { schedule: ScheduleView }) {
  const [first, second] = next;
  if (paused) return <span className="schedule-paused">Paused: nothing happens until it is resumed.</span>;
  if (first === undefined) return <span className="missing">Nothing to come</span>;
  if (!skipsNext) return <OccurrenceWords occurrence={first} />;
  return (
    <>
      <span className="schedule-skipped">
        <span className="skip-word">Skipped:</span>{' '}
        <s>
          <OccurrenceWords occurrence={first} />
        </s>
      </span>
      {second === undefined ? null : (
        <span>
          Then: <OccurrenceWords occurrence={second} />
        </span>
      )}
    </>
  );
}
