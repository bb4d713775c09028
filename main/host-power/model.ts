import type { Clock } from '../clock';
import type { Guest } from '../guests/guest';
import type { Notice } from '../guests/notices';
import type { SetPowerState } from '../guests/power-requests';
import type { HistoryEntry, SeenState } from '../history/entry';
import type { HostNetwork, HostPower, PowerSurvey } from '../hosts/power';
import type { HostLink, LinkState } from '../hosts/ssh/link';
import type { Actor } from '../power/actor';
import type { When } from '../power/durations';
import type { GuestsFirst } from './guests-first';
import type { Obstacle } from './offers';
import type { HostPowerRecord } from './records';

/** A host that can be put to sleep. */
export interface SleepyHost {
  readonly name: string;
  readonly link: Pick<HostLink, 'state' | 'connectNow'>;
  readonly power: HostPower;
}

export interface SleepRequest {
  readonly when: When;
  readonly first: GuestsFirst;
  readonly by: Actor;
}

export type SleeperEntry = Omit<HistoryEntry, 'at'>;

export interface SleeperOptions {
  readonly clock: Clock;
  /** The host as it is on the list now. */
  readonly host: () => SleepyHost | undefined;
  /** The guests of the host. */
  readonly guests: () => readonly Guest[];
  /** Their alarms, by due instant. */
  readonly alarms: () => readonly { readonly name: string; readonly due: number }[];
  readonly setPowerState: SetPowerState;
  readonly before: Pick<HostPowerRecord, 'sleep' | 'network'> | undefined;
  /** @throws StorageError */
  readonly keep: (record: Pick<HostPowerRecord, 'sleep' | 'network'>) => Promise<void>;
  readonly sendWake: (network: HostNetwork) => Promise<void>;
  readonly tell: (notice: Notice) => void;
  readonly note: (entry: SleeperEntry) => void;
  /** What the host is seen in, for its timeline. */
  readonly seen: (state: SeenState) => void;
  readonly onEvent: (event: { readonly kind: 'woken' | 'failed'; readonly title: string; readonly text: string }) => void;
  /** The host is there again: what waits for its guests is looked at anew. */
  readonly onReturn: () => void;
  readonly onChange: () => void;
  /** Something could not be kept on disk (undefined: it works again); it holds all the same until the app ends. */
  readonly onProblem: (error: unknown) => void;
  /** A fault of Reveille's own. */
  readonly onFault: (error: unknown) => void;
}

export type PowerStage = 'awake' | 'falling-asleep' | 'asleep' | 'waking';

/** One host's own sleep. */
export interface Sleeper {
  readonly stage: PowerStage;
  readonly since: number | null;
  readonly wakesAt: number | null;
  /** How the stage is known, or what is being done; a sentence. */
  readonly detail: string | null;
  /** What the host told last; null: it was not asked yet. */
  readonly survey: PowerSurvey | Obstacle | null;
  readonly network: HostNetwork | null;
  /** Goes on with what was kept of an earlier run. */
  start(): void;
  /** Begins to put it to sleep; resolves when all that can be refused before anything is touched was looked at. @throws RefusedError */
  sleep(request: SleepRequest): Promise<void>;
  /** Begins to send Wake-on-LAN. @throws RefusedError */
  wake(by: Actor): void;
  linkBecame(state: LinkState): void;
  /** What the host's list told may be another libvirt. */
  listChanged(): void;
  /** When its link is to try again, in ms; null: as it does by itself. */
  retryIn(): number | null;
  /** The clock may have moved. */
  recheck(): void;
  stop(): void;
}
