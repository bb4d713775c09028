import { createAlarmRunner, AlarmRefusedError, type AlarmRunner } from '../alarms/runner';
import type { AlarmStore } from '../alarms/store';
import type { Clock } from '../clock';
import type { GuestHost } from '../hosts/host';
import { isSleepAction, type Action, type Refusal } from '../power/actions';
import type { Alarm, AlarmEnding, DueChange } from '../power/alarms';
import { formatDuration, type When } from '../power/durations';
import { durationRefusal } from '../power/rules';
import type { Document } from '../storage/document';
import { StorageError } from '../storage/errors';
import { defaultLimits, type Limits, type Verdict } from './confirm';
import type { Guest, GuestChange } from './guest';
import { createHistory, type Histories, type History } from './history';
import { failureNotice, type Notice } from './notices';
import { carryOut, freshRefusal } from './operate';
import { createRegistry, type HostStatus } from './registry';
import type { Remembered } from './remembered';
import { settleAfterWake } from './settle';
import { wakeForAlarm } from './wake';
import type { Workplace } from './workplace';

export interface PowerRequest {
  readonly action: Action;
  /** When the guest is to be woken; only with a sleep. */
  readonly when: When;
  /** The user has read the start command. */
  readonly startAccepted: boolean;
}

/** A set of hosts with their guests, alarms and history. The real hosts are one fleet, the demo host is another. */
export interface Fleet {
  readonly hosts: readonly GuestHost[];
  status(hostId: string): HostStatus;
  guests(): readonly Guest[];
  guest(id: string): Guest | undefined;
  alarmOf(guestId: string): Alarm | undefined;
  readonly history: History;
  /** Resolves when every host was looked at once and its guests have shown a state, or could not in time. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Sets a power state. Resolves in the guest's turn: with a refusal when nothing was done, else with null when the
   * action was begun (and its alarm is on disk). Outcomes are observed, and failures told by a notice.
   */
  setPowerState(guest: Guest, request: PowerRequest): Promise<Refusal | null>;
  /** Looks at the guest and its agent afresh. */
  refresh(guest: Guest): Promise<void>;
  moveAlarm(id: string, change: DueChange): Promise<Alarm>;
  cancelAlarm(id: string): Promise<void>;
  add(remembered: Remembered): Guest;
  remove(id: string): void;
  /** The host told that a guest came or went. */
  recheckHost(hostId: string): Promise<void>;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
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
  readonly onNotice: (notice: Notice) => void;
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

  const history = createHistory({ clock, document: documents.history, onProblem: storeProblem('The history') });

  const registry = createRegistry({
    clock,
    hosts,
    document: documents.guests,
    history,
    onGuest: (guest, change) => guestChanged(guest, change),
    onRemoved: onGuest,
    onHost,
    onProblem: storeProblem('The list of guests'),
  });

  const workplace: Workplace = {
    clock,
    limits,
    host(id) {
      const host = hosts.find((one) => one.id === id);
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
      return wakeForAlarm(guest, alarm, wanted, workplace);
    },
    onChange: () => {
      for (const { id } of registry.guests()) onGuest(id);
    },
    onEnded: (alarm, ending) => alarmEnded(alarm, ending),
    onStoreProblem: storeProblem('The alarms'),
  });

  const guestChanged = (guest: Guest, change: GuestChange) => {
    if (change.kind === 'state') {
      runner.guestObserved(guest.id, change.state);
      if (change.before.name === 'suspended' && change.state.name === 'running' && !guest.pending) void wokenByItself(guest);
    }
    learnBootId(guest);
    onGuest(guest.id);
  };

  /** Somebody else woke it: its clock is set all the same. */
  const wokenByItself = (guest: Guest) =>
    guest.queue.run(async () => {
      const { machine } = guest;
      if (!machine?.exists || guest.state.name !== 'running') return;
      const verdict = await settleAfterWake(guest, machine, workplace, limits.agentAfterWake);
      if (!verdict.ok) told(guest, 'wakeup', verdict);
    });

  /** Asked once for each machine, while its agent answers, to tell a resume from a boot later on. */
  const learnt = new WeakSet<object>();
  const learnBootId = (guest: Guest) => {
    const { machine } = guest;
    if (!machine || machine.agent.status !== 'answering' || guest.pending || learnt.has(machine)) return;
    learnt.add(machine);
    void machine.readBootId().then(
      (bootId) => guest.remember({ bootId }),
      () => learnt.delete(machine), // The agent went away meanwhile: asked again when it answers.
    );
  };

  const told = (guest: Guest, action: Action, verdict: Verdict) => {
    if (!verdict.ok && verdict.refusal.code !== 'superseded') {
      onNotice(failureNotice({ id: guest.id, name: guest.remembered.name }, action, verdict.refusal));
    }
  };

  const alarmEnded = (alarm: Alarm, ending: AlarmEnding) => {
    const guest = registry.guest(alarm.guestId);
    const text = endingText(ending);
    history.add(alarm.guestId, { kind: 'alarm', text, cause: ending.kind === 'cancelled' ? 'user' : 'timer', failed: ending.kind === 'failed' });
    const name = guest?.remembered.name ?? 'A guest';
    const about = guest ? { guestId: guest.id } : {};
    if (ending.kind === 'woken' && ending.late > 30_000) {
      onNotice({ ...about, severity: 'warning', title: `${name} was woken late`, message: text });
    } else if (ending.kind === 'failed') {
      const remedy = 'Look at its state, and start or wake it yourself.';
      onNotice({ ...about, severity: 'error', title: `${name} was not woken by its alarm`, message: ending.reason, remedy });
    }
    onGuest(alarm.guestId);
  };

  const armFor = async (guest: Guest, action: Action, when: When): Promise<Alarm | Refusal | null> => {
    if (when.kind === 'none' || !isSleepAction(action)) return null;
    try {
      return await runner.arm({ guestId: guest.id, action, when, confirmWithin: limits.confirm[action] });
    } catch (error) {
      if (error instanceof StorageError) {
        return { code: 'storage', message: `Its alarm could not be kept, so it was not put to sleep. ${error.message}` };
      }
      if (error instanceof RangeError) return { code: 'bad-duration', message: error.message };
      throw error;
    }
  };

  const setPowerState = (guest: Guest, request: PowerRequest): Promise<Refusal | null> => {
    const { action, when } = request;
    if (action === 'poweroff') guest.supersede();
    return new Promise((accept, reject) => {
      guest.queue
        .run(async () => {
          guest.setPending({ action, since: clock.now(), by: 'user' });
          const refusal = await refusalFor(guest, request).finally(() => guest.setPending(null));
          if (refusal) return accept(refusal);
          const alarm = await armFor(guest, action, when);
          if (alarm && 'code' in alarm) return accept(alarm);
          accept(null);
          const verdict = await carryOut(guest, action, 'user', workplace);
          if (alarm && verdict.ok) runner.sleepConfirmed(alarm.id);
          if (alarm && !verdict.ok) runner.sleepFailed(alarm.id);
          told(guest, action, verdict);
        })
        .catch(reject);
    });
  };

  const refusalFor = async (guest: Guest, { action, when, startAccepted }: PowerRequest): Promise<Refusal | null> => {
    const misplaced = when.kind === 'none' ? null : durationRefusal(action);
    if (misplaced) return misplaced;
    const refusal = await freshRefusal(guest, action);
    if (refusal) return refusal;
    const startsLater = action === 'hibernate' && when.kind !== 'none';
    if (startsLater && guest.standing().start.kind === 'no') {
      return {
        code: 'no-start-command',
        message: 'A hibernated guest is woken by starting it, and Reveille cannot start this one.',
        remedy: 'Hibernate it without a time, or use Sleep.',
      };
    }
    if ((action === 'start' && !guest.machine?.exists) || startsLater) {
      if (!guest.remembered.startAccepted && !startAccepted) {
        return {
          code: 'start-not-accepted',
          message: 'You have not seen its start command yet.',
          remedy: 'Read the command, then confirm.',
        };
      }
      if (!guest.remembered.startAccepted) guest.remember({ startAccepted: true });
    }
    return null;
  };

  return {
    hosts,
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
      await runner.stop();
      await registry.stop();
      await history.flush();
      await Promise.all(hosts.map((host) => host.close()));
    },
    setPowerState,
    async refresh(guest) {
      await guest.machine?.look();
      if (guest.state.name === 'running') await guest.machine?.lookAtAgent();
    },
    moveAlarm: (id, change) => runner.extend(id, change),
    cancelAlarm: (id) => runner.cancel(id),
    add: registry.add,
    remove(id) {
      const alarm = runner.ofGuest(id);
      if (alarm) throw new AlarmRefusedError('An alarm will wake this guest. Cancel the alarm first.');
      registry.remove(id);
      history.forget(id);
    },
    recheckHost: registry.rescan,
    recheck: () => runner.recheck(),
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

function endingText(ending: AlarmEnding): string {
  switch (ending.kind) {
    case 'woken':
      return ending.late > 30_000
        ? `Woken by its alarm, ${formatDuration(ending.late)} late: Reveille was not running, or could not reach it.`
        : 'Woken by its alarm.';
    case 'cancelled':
      return ending.by === 'user' ? 'Its alarm was cancelled.' : 'Its alarm was dropped, because it did not fall asleep.';
    case 'ended-early':
      return ending.by === 'user' ? 'Its alarm ended: you woke it earlier.' : 'Its alarm ended: it was awake before its time.';
    case 'failed':
      return `Its alarm failed: ${ending.reason}`;
  }
}
