import type { Clock } from '../../clock';
import type { Cause, PowerState, PowerStateName, Source } from '../../power/states';

/** The state that was seen last, with since when it holds as far as that is known. */
export interface Observed {
  readonly state: PowerState;
  /** @returns whether it is news */
  become(name: PowerStateName, source: Source, cause: Cause, detail?: string): boolean;
}

export function createObserved(clock: Clock, detail: string): Observed {
  let state: PowerState = { name: 'unknown', since: null, source: 'inference', cause: 'unknown', detail };
  return {
    get state() {
      return state;
    },
    become(name, source, cause, why) {
      // An event tells more than the answer to a question that agrees with it.
      if (source === 'query' && state.source === 'event' && state.name === name) return false;
      const same = state.name === name && state.detail === why;
      if (same && (source !== 'event' || state.source === 'event')) return false;
      // What a query tells after a time in which nothing could be seen may have begun at any moment of it.
      const unseenBefore = state.name === 'unknown' && source !== 'event';
      const since = state.name === name ? state.since : unseenBefore ? null : clock.now();
      state = { name, since, source, cause, ...(why === undefined ? {} : { detail: why }) };
      return true;
    },
  };
}
