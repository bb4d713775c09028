import type { Actor } from '../power/actor';
import type { PowerState } from '../power/states';

/** Something that happened to a guest or a host, in a sentence for the user. */
export interface HistoryEntry {
  /** ms since the epoch */
  readonly at: number;
  readonly kind: 'state' | 'action' | 'alarm' | 'clock' | 'error';
  readonly text: string;
  readonly actor: Actor;
  readonly failed: boolean;
}

/** What a guest or a host was seen in, for the timeline. */
export type SeenState = Pick<PowerState, 'name' | 'source' | 'cause'>;

/** A stretch of time in one state, in ms since the epoch; `to` is not part of it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly state: PowerState['name'];
  readonly source: PowerState['source'];
  readonly cause: PowerState['cause'];
}
