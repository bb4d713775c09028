import type { HistoryEntry } from '../../../preload/contract/timeline';
import type { GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Refused } from '../../ui/refused';
import { useRemote } from '../../ui/remote';
import { Moment } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { actorWords, historyIcons } from '../../words';

const askHistory = (guestId: string) => call('guestHistory', { guestId });

/** What happened to the guest, newest first; asked for again when main says that there is more. */
export function History({ guest }: { guest: GuestView }) {
  const { value, refusal, loading } = useRemote<HistoryEntry[]>(guest.id, String(guest.historyRevision), askHistory);
  const entries = [...(value ?? [])].sort((a, b) => b.at - a.at);
  return (
    <section aria-labelledby="history-heading" aria-busy={loading}>
      <h3 id="history-heading">History {loading ? <Spinner /> : null}</h3>
      {refusal === null ? null : <Refused refusal={refusal} />}
      {value !== null && entries.length === 0 ? <p className="missing">Nothing has happened yet.</p> : null}
      <ol className="history">
        {entries.map((entry, place) => (
          <li key={`${entry.at} ${entries.length - place}`} data-failed={entry.failed}>
            <Icon name={entry.failed ? 'crash' : historyIcons[entry.kind]} />
            <span className="history-text">
              <Block text={entry.text} />
              <span className="history-when">
                <Moment at={entry.at} />
                {entry.failed ? ' · failed' : ''}
                {entry.actor.kind === 'unknown' ? '' : ` · by ${actorWords(entry.actor)}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
