import type { PowerStateName } from '../../../preload/contract/vocabulary';
import { stateWords } from '../../words';
import { Swatch } from './bar';

/** How states are drawn: the more awake, the higher; and each with its own filling. */
export function Legend({ states }: { states: readonly PowerStateName[] }) {
  return (
    <ul className="timeline-legend" aria-label="Legend">
      {states.map((state) => (
        <li key={state}>
          <Swatch state={state} /> {stateWords[state].label}
        </li>
      ))}
      <li>
        <svg className="swatch" width="18" height="16" aria-hidden="true" focusable="false">
          <path d="M9 5v6" className="event-ticks" />
        </svg>
        Event
      </li>
      <li>
        <svg className="swatch" width="18" height="16" aria-hidden="true" focusable="false">
          <path d="M6.5 5.5l5 5m-5 0l5 -5" className="event-ticks event-ticks-failed" />
        </svg>
        Failed
      </li>
    </ul>
  );
}
