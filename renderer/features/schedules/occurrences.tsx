import type { Refusal } from '../../../preload/contract/commands';
import { zoneWords } from '../../schedule-words';
import { Icon } from '../../ui/icon';
import { Refused } from '../../ui/refused';
import { Line } from '../../ui/untrusted';
import { OccurrenceWords } from './next-time';
import type { DraftReading } from './use-reading';

interface OccurrencesProps {
  reading: DraftReading;
  /** Why main would not have it, where no field is to blame. */
  refusal: Refusal | null;
  timeZone: string;
  localZone: string;
}

/** What main reads in the form: its rule in words and the next three times, before anything is saved. */
export function Occurrences({ reading, refusal, timeZone, localZone }: OccurrencesProps) {
  return (
    <section className="occurrences" aria-label="Next times" role="status" data-reading={reading.kind}>
      {refusal !== null ? (
        <Refused refusal={refusal} />
      ) : reading.kind === 'read' ? (
        <>
          <p className="occurrences-rule">
            <Icon name="calendar" />
            <Line text={reading.value.text} />
          </p>
          <ol className="occurrence-list">
            {reading.value.next.map((occurrence) => (
              <li key={`${occurrence.sleep} ${occurrence.wake}`}>
                <OccurrenceWords occurrence={occurrence} />
                {timeZone === localZone ? null : <span className="hint"> · {zoneWords(occurrence, timeZone)}</span>}
              </li>
            ))}
          </ol>
          {reading.value.next.length === 0 ? <p className="hint">It never comes.</p> : null}
        </>
      ) : (
        <p className="hint">{reading.kind === 'unread' ? 'Reading…' : 'The next three times are shown here.'}</p>
      )}
    </section>
  );
}
