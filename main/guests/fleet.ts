import { createAlarmRunner, AlarmRefusedError, type AlarmRunner } from '../alarms/runner';
import type { AlarmStore } from '../alarms/store';
import type { Clock } from '../clock';
import type { GuestHost } from '../hosts/host';
import type { Alarm, AlarmEnding, DueChange } from '../power/alarms';
import { formatDuration } from '../power/durations';
import { isEnded, type Cause } from '../power/states';
import type { Document } from '../storage/document';
import { newAttempt, type Attempt } from './attempt';
import { createBootIdReader } from './boot-ids';
import { defaultLimits, type Limits, type Verdict } from './confirm';
import type { Guest, GuestChange } from './guest';
import { createHistory, type Histories, type History } from './history';
import { failureNotice, type Notice } from './notices';
import { createPowerRequests, type SetPowerState } from './power-requests';
import type { HostStatus } from './host-watch';
import { createRegistry } from './registry';
import type { Remembered } from './remembered';
import { settleAfterWake } from './settle';
import { createUnknownOutcomes } from './unknown-outcomes';
import { wakeForAlarm } from './wake';
import type { Workplace } from './workplace';

/** A set of hosts with their guests, alarms and history. The real hosts are one fleet, the demo host is another. */
export interface Fleet {
  hosts(): readonly GuestHost[];
  /** Resolves when it was connected to and looked at for the first time, or could not be. */
  addHost(host: GuestHost): Promise<void>;
  /** Forgets the host with its guests, their alarms and history. @throws AlarmRefusedError while a guest is woken */
  removeHost(hostId: string): Promise<void>;
  status(hostId: string): HostStatus;
  guests(): readonly Guest[];
  guest(id: string): Guest | undefined;
  alarmOf(guestId: string): Alarm | undefined;
  readonly history: History;
  /** Resolves when every host was looked at once and its guests have shown a state, or could not in time. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly setPowerState: SetPowerState;
  /** Looks at the guest and its agent afresh. */
  refresh(guest: Guest): Promise<void>;
  moveAlarm(id: string, change: DueChange): Promise<Alarm>;
  cancelAlarm(id: string): Promise<void>;
  add(remembered: Remembered): Guest;
  remove(id: string): void;
  /** Looks at the host now. */
  rescan(hostId: string): Promise<void>;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
  /** This computer's network changed: what cannot be reached may be now, and the other way round. */
  reachAgain(): void;
}

export interface FleetOptions {
  readonly clock: Clock;
  readonly hosts: readonly GuestHost[];
  readonly documents: {
    readonly guests: Document<Remembered[]>;
    readonly alarms: AlarmStore;
    readonly history: Document<Histories>;
  };
  readonly limits?: Limits;
  /** The guest, its alarm or its history changed; also when it is gone. */
  readonly onGuest: (id: string) => void;
  readonly onHost: (id: string) => void;
  /** @returns a function that takes the notice back */
  readonly onNotice: (notice: Notice) => () => void;
}

/** How long the first look at the hosts may hold up alarms that came due while the app was away, in ms. */
const FIRST_LOOK_MS = 5000;

export function createFleet(options: FleetOptions): Fleet {
  const { clock, hosts, documents, limits = defaultLimits, onGuest, onHost, onNotice } = options;

  /** A store that fails again and again is told once, until it works. */
  const storeProblem = (what: string) => {
    let told = false;
    return (error: unknown) => {
      if (error === undefined) {
        told = false;
        return;
      }
      if (told) return;
      told = true;
      const message = error instanceof Error ? error.message : String(error);
      onNotice({ severity: 'error', title: `${what} could not be kept on disk`, message });
    };
  };

  const history = createHistory({
    clock,
    document: documents.history,
    onProblem: storeProblem('The history'),
  });

  const registry = createRegistry({
    clock,
    hosts,
    document: documents.guests,
    history,
    onGuest: (guest, change) => guestChanged(guest, change),
    onRemoved(id, name) {
      outcomes.forget(id);
      const alarm = runner.ofGuest(id);
      if (alarm) {
        void runner.cancel(alarm.id).catch(storeProblem('The alarms'));
        onNotice({
          severity: 'error',
          title: `${name} will not be woken by its alarm`,
          message: 'Its host does not know it any more: it was undefined or removed there.',
          remedy: 'Define it again, and start it.',
        });
      }
      onGuest(id);
    },
    onHost,
    onProblem: storeProblem('The list of guests'),
  });

  const workplace: Workplace = {
    clock,
    limits,
    host(id) {
      const host = registry.hosts().find((one) => one.id === id);
      if (!host) throw new Error(`No host ${id}`);
      return host;
    },
    rescan: registry.rescan,
  };

  const runner: AlarmRunner = createAlarmRunner({
    clock,
    store: documents.alarms,
    wake: async (alarm, wanted) => {
      const guest = registry.guest(alarm.guestId);
      if (!guest) return { kind: 'unreachable', reason: 'Its guest has not been found yet.' };
      return wakeForAlarm(guest, alarm, { workplace, wanted, onFlaw: told });
    },
    onChange: () => {
      for (const { id } of registry.guests()) onGuest(id);
    },
    onEnded: (alarm, ending) => alarmEnded(alarm, ending),
    onStoreProblem: storeProblem('The alarms'),
  });

  const readBootId = createBootIdReader();
  const outcomes = createUnknownOutcomes({ clock, limits, onNotice });

  const guestChanged = (guest: Guest, change: GuestChange) => {
    if (change.kind === 'state') {
      runner.guestObserved(guest.id, change.state);
      outcomes.seen(guest);
      if (change.before.name === 'suspended' && change.state.name === 'running' && !guest.pending)
        void wokenByItself(guest);
    }
    readBootId(guest, change);
    onGuest(guest.id);
  };

  /** Somebody else woke it: its clock is set all the same, unless something is asked of it meanwhile. */
  const wokenByItself = (guest: Guest) =>
    guest.queue.run(async () => {
      const { machine } = guest;
      if (!machine?.exists || guest.state.name !== 'running') return;
      const attempt = newAttempt(guest, 'wakeup', 'unknown');
      const yielding = { ...attempt, superseded: () => attempt.superseded() || guest.queue.waiting > 0 };
      const verdict = await settleAfterWake(yielding, machine, workplace, limits.agentAfterWake);
      if (!verdict.ok && verdict.refusal.code === 'agent-silent') told(attempt, verdict);
    });

  const told = (attempt: Attempt, verdict: Verdict) => {
    if (verdict.ok || verdict.refusal.code === 'superseded') return;
    const { guest, action } = attempt;
    const { refusal } = verdict;
    const withdraw = onNotice(failureNotice({ id: guest.id, name: guest.remembered.name }, action, refusal));
    if (refusal.code === 'outcome-unknown' && attempt.lostHost()) outcomes.add(attempt, withdraw);
  };

  const alarmEnded = (alarm: Alarm, ending: AlarmEnding) => {
    const guest = registry.guest(alarm.guestId);
    const text = endingText(ending);
    if (guest)
      history.add(guest.id, {
        kind: 'alarm',
        text,
        cause: causeOf(ending),
        failed: ending.kind === 'failed',
      });
    const name = guest?.remembered.name ?? 'A guest';
    const about = guest ? { guestId: guest.id } : {};
    if (ending.kind === 'woken' && ending.late > 30_000) {
      onNotice({ ...about, severity: 'warning', title: `${name} was woken late`, message: text });
    } else if (ending.kind === 'failed' && !endedByUser(guest)) {
      const isDue = clock.now() >= alarm.due;
      onNotice({
        ...about,
        severity: 'error',
        title: isDue ? `${name} was not woken by its alarm` : `${name} will not be woken by its alarm`,
        message: ending.reason,
        remedy: guest && isEnded(guest.state.name) ? 'Start it again.' : 'Look at its state, and wake it yourself.',
      });
    }
    onGuest(alarm.guestId);
  };

  const reachAgain = () => {
    for (const { link } of registry.hosts()) link?.recheck();
  };

  const setPowerState = createPowerRequests({ workplace, runner, onOutcome: told });

  return {
    hosts: registry.hosts,
    addHost: registry.addHost,
    async removeHost(hostId) {
      const gone = registry.guests().filter((guest) => guest.hostId === hostId);
      const alarms = gone.flatMap(({ id }) => runner.ofGuest(id) ?? []);
      if (alarms.some(({ phase }) => phase.kind === 'firing')) {
        throw new AlarmRefusedError('One of its guests is being woken right now. Remove the host when that is done.');
      }
      for (const alarm of alarms) await runner.cancel(alarm.id);
      await registry.removeHost(hostId);
      for (const { id } of gone) history.forget(id);
    },
    status: registry.status,
    guests: registry.guests,
    guest: registry.guest,
    alarmOf: runner.ofGuest,
    history,
    async start() {
      await registry.start();
      await firstStates(registry.guests(), clock);
      runner.start();
    },
    async stop() {
      outcomes.stop();
      await runner.stop();
      await registry.stop();
      await history.flush();
    },
    setPowerState,
    async refresh(guest) {
      await guest.machine?.look();
      if (guest.state.name === 'running') await guest.machine?.lookAtAgent();
    },
    rescan: registry.rescan,
    moveAlarm: (id, change) => runner.extend(id, change),
    cancelAlarm: (id) => runner.cancel(id),
    add: registry.add,
    remove(id) {
      const alarm = runner.ofGuest(id);
      if (alarm) throw new AlarmRefusedError('An alarm will wake this guest. Cancel the alarm first.');
      registry.remove(id);
      history.forget(id);
    },
    recheck() {
      runner.recheck();
      reachAgain();
    },
    reachAgain,
  };
}

/** Alarms are looked at when the guests have been: what is late is then woken at once instead of after a retry. */
async function firstStates(guests: readonly Guest[], clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + FIRST_LOOK_MS;
  const settled = () => guests.every(({ machine }) => !machine || machine.control.status !== 'connecting');
  while (!settled() && clock.monotonic() < deadline) {
    await new Promise<void>((resolve) => void clock.setTimer(20, resolve));
  }
}

/** Who shut a guest down or forced it off need not be told that it won't be woken. */
const endedByUser = (guest: Guest | undefined): boolean =>
  guest?.state.cause === 'user' && isEnded(guest.state.name);

const causeOf = (ending: AlarmEnding): Cause => {
  switch (ending.kind) {
    case 'woken':
      return 'timer';
    case 'cancelled':
      return 'user';
    case 'ended-early':
      return ending.by;
    case 'failed':
      return 'unknown';
  }
};

function endingText(ending: AlarmEnding): string {
  switch (ending.kind) {
    case 'woken':
      return ending.late > 30_000
        ? `Woken by its alarm, ${formatDuration(ending.late)} late: Reveille was not running, or could not reach it.`
        : 'Woken by its alarm.';
    case 'cancelled':
      return ending.by === 'user'
        ? 'Its alarm was cancelled.'
        : 'Its alarm was dropped, because it did not fall asleep.';
    case 'ended-early':
      return ending.by === 'user'
        ? 'Its alarm ended: you woke it earlier.'
        : 'Its alarm ended: it was awake before its time.';
    case 'failed':
      return `Its alarm failed: ${ending.reason}`;
  }
}
