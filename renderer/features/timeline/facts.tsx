import type { ReactNode } from 'react';
import { createPortal } from 'react-dom';
import type { Stop } from '../../timeline';
import { exactTime, spanWords } from '../../time';
import { Icon } from '../../ui/icon';
import { Block } from '../../ui/untrusted';
import { actorWords, causeWords, historyIcons, sourceWords, stateWords } from '../../words';

/** All about one place on the timeline, in words. `now`: the end of what goes on. */
export function StopFacts({ stop, now }: { stop: Stop; now: number }): ReactNode {
  if (stop.kind === 'event') {
    const { event } = stop;
    const who = actorWords(event.actor);
    return (
      <>
        <p className="facts-title">
          <Icon name={event.failed ? 'crash' : historyIcons[event.kind]} />
          <Block text={event.text} />
        </p>
        <p>
          {exactTime(event.at)}
          {event.failed ? ' · failed' : ''}
          {who === '' ? '' : ` · by ${who}`}
        </p>
      </>
    );
  }
  const { from, to, state, source, cause } = stop.segment;
  const { label, icon, tone } = stateWords[state];
  return (
    <>
      <p className={`facts-title tone-${tone}`}>
        <Icon name={icon} /> {label}
      </p>
      <p>
        {exactTime(from)} to {to >= now ? 'now' : exactTime(to)} ({spanWords(to - from)})
      </p>
      {state === 'unknown' ? (
        <p>Nobody looked.</p>
      ) : (
        <p>
          Known because {sourceWords[source]}.{cause === 'unknown' ? '' : ` Brought about by ${causeWords[cause]}.`}
        </p>
      )}
    </>
  );
}

export interface FactsPlace {
  /** In the window, in pixels: the middle of what it is about, and the two edges between which it is. */
  x: number;
  top: number;
  bottom: number;
}

const factsWidth = 300;
const factsHeight = 96;

/** In the window itself, as lists and pages cut off what is in them. The facts beside the place they are about: below it, or above where there is no room. */
export function FactsPanel({ place, children }: { place: FactsPlace; children: ReactNode }) {
  const left = Math.max(8, Math.min(window.innerWidth - factsWidth - 8, place.x - factsWidth / 2));
  const below = place.bottom + factsHeight + 8 < window.innerHeight;
  return createPortal(
    <div
      className="timeline-facts"
      style={below ? { left, top: place.bottom + 6 } : { left, bottom: window.innerHeight - place.top + 6 }}
      aria-hidden="true"
    >
      {children}
    </div>,
    document.body,
  );
}
