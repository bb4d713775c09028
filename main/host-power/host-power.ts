import type { Clock } from '../clock';
import type { Fleet } from '../guests/fleet';
import type { Notice } from '../guests/notices';
import type { History } from '../history/history';
import type { LinkState } from '../hosts/ssh/link';
import { RefusedError } from '../power/actions';
import type { Actor } from '../power/actor';
import type { Document } from '../storage/document';
import type { Sleeper, SleepRequest, SleepyHost } from './model';
import { createRecords, type HostPowerRecord } from './records';
import { createSleeper } from './sleeper';
import { sendWake, type WakeOnLan } from './wake-on-lan';

/** What hosts need of the fleet that their guests are in. */
type HostsFleet = Pick<Fleet, 'guests' | 'setPowerState' | 'alarmOf' | 'recheckAlarms'> & { readonly history: Pick<History, 'add' | 'state'> };

export interface HostPowersOptions {
  readonly clock: Clock;
  readonly document: Document<HostPowerRecord[]>;
  readonly fleet: () => HostsFleet;
  /** The hosts on the list that can be put to sleep: those behind SSH. */
  readonly host: (hostId: string) => SleepyHost | undefined;
  readonly wakeOnLan: WakeOnLan;
  readonly onNotice: (notice: Notice) => void;
  readonly onEvent: (event: { readonly kind: 'woken' | 'failed'; readonly hostId: string; readonly title: string; readonly text: string }) => void;
  readonly onHost: (hostId: string) => void;
}

/** The sleep of all hosts behind SSH. */
export interface HostPowers {
  /** Goes on with what was kept; before any host is connected to. */
  start(): void;
  stop(): void;
  of(hostId: string): Sleeper | undefined;
  /** Resolves when it has begun. @throws RefusedError */
  sleep(hostId: string, request: SleepRequest): Promise<void>;
  /** @throws RefusedError */
  wake(hostId: string, by: Actor): void;
  linkBecame(hostId: string, state: LinkState): void;
  listChanged(hostId: string): void;
  retryIn(hostId: string): number | null;
  recheck(): void;
  /** The host was taken off the list. */
  forget(hostId: string): Promise<void>;
}

export function createHostPowers(options: HostPowersOptions): HostPowers {
  const { clock, fleet, host, onNotice, onEvent, onHost } = options;
  const records = createRecords(options.document);
  const sleepers = new Map<string, Sleeper>();
  let told = false;

  /** A disk that fails again and again is told once, until it works. */
  const onProblem = (error: unknown) => {
    if (error === undefined) told = false;
    else if (!told) {
      told = true;
      onNotice({ severity: 'error', title: 'The sleep of a host could not be kept on disk', message: messageOf(error) });
    }
  };

  const sleeperOf = (hostId: string): Sleeper => {
    const known = sleepers.get(hostId);
    if (known) return known;
    const sleeper = createSleeper({
      clock,
      host: () => host(hostId),
      guests: () => fleet().guests().filter((guest) => guest.hostId === hostId),
      alarms: () => alarmsOfHost(fleet(), hostId),
      setPowerState: (...request) => fleet().setPowerState(...request),
      before: records.all().find((each) => each.hostId === hostId),
      keep: (record) => records.keep({ hostId, ...record }),
      sendWake: (network) => sendWake(options.wakeOnLan, network),
      tell: onNotice,
      note: (entry) => fleet().history.add(hostId, entry),
      seen: (state) => fleet().history.state(hostId, state),
      onEvent: (event) => onEvent({ hostId, ...event }),
      onReturn: () => fleet().recheckAlarms(),
      onChange: () => onHost(hostId),
      onProblem,
      onFault: (error) =>
        onNotice({ severity: 'error', title: 'Reveille met a fault of its own', message: messageOf(error), remedy: 'If it happens again, report it.' }),
    });
    sleepers.set(hostId, sleeper);
    sleeper.start();
    return sleeper;
  };

  const found = (hostId: string): Sleeper => {
    if (host(hostId)) return sleeperOf(hostId);
    throw new RefusedError({ code: 'unsupported', message: 'Only hosts behind SSH are put to sleep and woken.' });
  };

  return {
    start() {
      for (const { hostId } of records.all()) sleeperOf(hostId);
    },
    stop() {
      for (const sleeper of sleepers.values()) sleeper.stop();
    },
    of: (hostId) => (host(hostId) ? sleeperOf(hostId) : undefined),
    sleep: async (hostId, request) => found(hostId).sleep(request),
    wake: (hostId, by) => found(hostId).wake(by),
    linkBecame: (hostId, state) => sleeperOf(hostId).linkBecame(state),
    listChanged: (hostId) => sleepers.get(hostId)?.listChanged(),
    retryIn: (hostId) => sleepers.get(hostId)?.retryIn() ?? null,
    recheck() {
      for (const sleeper of sleepers.values()) sleeper.recheck();
    },
    async forget(hostId) {
      sleepers.get(hostId)?.stop();
      sleepers.delete(hostId);
      await records.forget(hostId);
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The alarms of a host's guests, by due instant. */
export const alarmsOfHost = (fleet: Pick<Fleet, 'guests' | 'alarmOf'>, hostId: string): { name: string; due: number }[] =>
  fleet
    .guests()
    .flatMap((guest) => {
      const due = guest.hostId === hostId ? fleet.alarmOf(guest.id)?.due : undefined;
      return due === undefined ? [] : [{ name: guest.remembered.name, due }];
    })
    .sort((a, b) => a.due - b.due);
