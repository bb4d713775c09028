import { createAlarmJobs, type AlarmJobs } from '../alarms/jobs';
import { createAlarmRunner, AlarmRefusedError, type AlarmRunner } from '../alarms/runner';
import type { AlarmStore } from '../alarms/store';
import type { Clock } from '../clock';
import { HostError, type GuestHost } from '../hosts/host';
import type { SleepAction } from '../power/actions';
import { byNobodyKnown, byUser, type Actor } from '../power/actor';
import type { Alarm, DueChange } from '../power/alarms';
import { isHoldersDoing, needsTheApp } from '../power/held';
import { createHistory, type History } from '../history/history';
import type { HistoryRecord } from '../history/records';
import type { Document } from '../storage/document';
import type { Log } from '../storage/log';
import { createAlarmNews } from './alarm-news';
import { createArm } from './arm';
import { newAttempt, type Attempt } from './attempt';
import { createBootIdReader } from './boot-ids';
import { defaultLimits, type Limits, type Verdict } from './confirm';
import type { Guest, GuestChange } from './guest';
import { changeRefusal, holderOffers, jobPlaceOf, reachableJobs, type HolderOffer } from './holders';
import { createLateSleeps } from './late-sleeps';
import { failureNotice, type FleetEvent, type Notice } from './notices';
import { createPowerRequests, type SetPowerState } from './power-requests';
import type { HostStatus } from './host-watch';
import { createRegistry, type Registry } from './registry';
import type { Remembered } from './remembered';
import { settleAfterWake } from './settle';
import { createUnknownOutcomes } from './unknown-outcomes';
import { wakeForAlarm } from './wake';
import { createWakeClocks } from './wake-clock';
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
  /** Why the alarm can be neither moved nor cancelled now; null when it can. */
  changeRefusal(alarm: Alarm): { readonly reason: string; readonly remedy?: string } | null;
  /** Who could keep the guest's alarm, the most durable first. Looks at guest and host. */
  holderOffers(guest: Guest, action: SleepAction): Promise<readonly HolderOffer[]>;
  /** The alarms that are lost when this app ends, by due instant. */
  alarmsThatNeedTheApp(): { readonly guestId: string; readonly name: string; readonly due: number }[];
  readonly history: History;
  /** Resolves when every host was looked at once and its guests have shown a state, or could not in time. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly setPowerState: SetPowerState;
  /** Looks at the guest and its agent afresh. */
  refresh(guest: Guest): Promise<void>;
  moveAlarm(id: string, change: DueChange, by: Actor): Promise<Alarm>;
  cancelAlarm(id: string, by: Actor): Promise<void>;
  add(remembered: Remembered): Guest;
  remove(id: string): void;
  /** Looks at the host now. */
  rescan(hostId: string): Promise<void>;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
  /** A host is there again: what is due is tried now. */
  recheckAlarms(): void;
  /** This computer's network changed: what cannot be reached may be now, and the other way round. */
  reachAgain(): void;
}

export interface FleetOptions {
  readonly clock: Clock;
  readonly hosts: readonly GuestHost[];
  readonly documents: {
    readonly guests: Document<Remembered[]>;
    readonly alarms: AlarmStore;
    readonly history: Log<HistoryRecord>;
  };
  readonly limits?: Limits;
  /** The guest, its alarm or its history changed; also when it is gone. */
  readonly onGuest: (id: string) => void;
  readonly onHost: (id: string) => void;
  /** @returns a function that takes the notice back */
  readonly onNotice: (notice: Notice) => () => void;
  readonly onEvent: (event: FleetEvent) => void;
  /** What the names of this installation's jobs on hosts begin with. */
  readonly jobPrefix: string;
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
    log: documents.history,
    onProblem: storeProblem('The history'),
  });

  /** Hosts whose jobs were looked at since they can be reached. */
  const reconciled = new Set<string>();

  const registry: Registry = createRegistry({
    clock,
    hosts,
    document: documents.guests,
    history,
    onGuest: (guest, change) => guestChanged(guest, change),
    onRemoved(id, name) {
      outcomes.forget(id);
      const alarm = runner.ofGuest(id);
      if (alarm) {
        runner.drop(alarm.id);
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
    onReach: ({ id }) => void reconciled.delete(id),
    onLooked(id) {
      if (reconciled.has(id)) return;
      if (!jobsOn(id)) return;
      reconciled.add(id);
      void jobs.reconcile(id);
    },
    broughtBy(id, { name, since }) {
      const asker = lateSleeps.askedBy(id, name);
      if (asker) return asker;
      const alarm = runner.ofGuest(id);
      if (!alarm || name !== 'running' || since === null || alarm.phase.kind !== 'armed') return null;
      return isHoldersDoing(alarm, clock.now()) ? { kind: 'alarm', holder: alarm.holder } : null;
    },
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
    onClockStep: () => reconcile(),
    onChange: (alarms) => {
      lateSleeps.changed(alarms);
      news.changed(alarms);
      for (const { id } of registry.guests()) onGuest(id);
    },
    onEnded(alarm, ending) {
      jobs.ended(alarm);
      news.ended(alarm, ending);
      const guest = registry.guest(alarm.guestId);
      if (guest) clocks.tidy(guest);
      onGuest(alarm.guestId);
    },
    onStoreProblem: storeProblem('The alarms'),
  });

  const jobsOn = (hostId: string) => {
    const host = registry.hosts().find(({ id }) => id === hostId);
    return host ? reachableJobs(host) : null;
  };
  const hostOf = (guest: Guest): GuestHost => workplace.host(guest.hostId);

  const jobs: AlarmJobs = createAlarmJobs({
    runner,
    prefix: options.jobPrefix,
    clock,
    jobsOn,
    placeOf: async ({ guestId, action }) => {
      const guest = registry.guest(guestId);
      if (!guest) throw new HostError('Its guest has not been found yet.', 'Wait until its host was looked at.');
      return jobPlaceOf(guest, hostOf(guest), action);
    },
    onTrouble({ guestId }, text) {
      registry.guest(guestId)?.note({ kind: 'alarm', text, actor: byNobodyKnown, failed: true });
    },
  });

  const clocks = createWakeClocks({ clock, alarmOf: (id) => runner.ofGuest(id) });
  const news = createAlarmNews({ clock, history, guest: (id) => registry.guest(id), onNotice, onEvent: options.onEvent });

  /** Each host's jobs are as the alarms are. */
  const reconcile = () => {
    for (const { id } of registry.hosts()) void jobs.reconcile(id);
  };

  const readBootId = createBootIdReader();
  const outcomes = createUnknownOutcomes({ clock, limits, onNotice });
  const lateSleeps = createLateSleeps({ clock, onNotice });

  const guestChanged = (guest: Guest, change: GuestChange) => {
    if (change.kind === 'state') {
      runner.guestObserved(guest.id, { ...change.state, ours: guest.pending !== null });
      outcomes.seen(guest);
      if (change.before.name === 'suspended' && change.state.name === 'running' && !guest.pending)
        void wokenByItself(guest);
    }
    readBootId(guest, change);
    clocks.tidy(guest);
    onGuest(guest.id);
  };

  /** Somebody else woke it: its clock is set all the same, unless something is asked of it meanwhile. */
  const wokenByItself = (guest: Guest) =>
    guest.queue.run(async () => {
      const { machine } = guest;
      if (!machine?.exists || guest.state.name !== 'running') return;
      const attempt = newAttempt(guest, 'wakeup', byNobodyKnown);
      const yielding = { ...attempt, superseded: () => attempt.superseded() || guest.queue.waiting > 0 };
      const verdict = await settleAfterWake(yielding, machine, workplace, limits.agentAfterWake);
      if (!verdict.ok && verdict.refusal.code === 'agent-silent') told(attempt, verdict);
    });

  const told = (attempt: Attempt, verdict: Verdict, kept: Alarm | null = null) => {
    if (verdict.ok || verdict.refusal.code === 'superseded') return;
    const { guest, action } = attempt;
    const { refusal } = verdict;
    const isLost = refusal.code === 'outcome-unknown' && attempt.lostHost();
    if (kept && !isLost) return lateSleeps.tell(attempt, refusal, kept);
    const withdraw = onNotice(failureNotice({ id: guest.id, name: guest.remembered.name }, action, refusal));
    if (isLost) outcomes.add(attempt, withdraw);
  };

  const reachAgain = () => {
    for (const { link } of registry.hosts()) link?.recheck();
  };

  const setPowerState = createPowerRequests({
    workplace,
    runner,
    arm: createArm({ workplace, runner, jobs, clocks, onSet: news.set }),
    onOutcome: told,
  });

  /** The host was forgotten while nobody could reach it. */
  const tellLeftJobs = (hostId: string, left: readonly Alarm[]): void => {
    const names = left.map(({ guestId }) => registry.guest(guestId)?.remembered.name ?? guestId).join(', ');
    onNotice({
      severity: 'warning',
      title: `${workplace.host(hostId).name} still has alarms`,
      message: `It could not be reached, so its jobs that wake ${names} stay there until they are due.`,
      remedy: 'Add the host again and connect it: jobs without an alarm are then taken back.',
    });
  };

  /** @throws AlarmRefusedError */
  const changeable = (id: string): Alarm | undefined => {
    const alarm = runner.list().find((one) => one.id === id);
    const refusal = alarm && fleet.changeRefusal(alarm);
    if (refusal) throw new AlarmRefusedError([refusal.reason, refusal.remedy].filter(Boolean).join(' '));
    return alarm;
  };

  const fleet: Fleet = {
    hosts: registry.hosts,
    addHost: registry.addHost,
    async removeHost(hostId) {
      const gone = registry.guests().filter((guest) => guest.hostId === hostId);
      const alarms = gone.flatMap(({ id }) => runner.ofGuest(id) ?? []);
      if (alarms.some(({ phase }) => phase.kind === 'firing')) {
        throw new AlarmRefusedError('One of its guests is being woken right now. Remove the host when that is done.');
      }
      for (const alarm of alarms) await runner.cancel(alarm.id, { why: 'asked', by: byUser });
      await jobs.settled();
      const left = alarms.filter(({ held }) => held?.kind === 'host' && !jobsOn(held.hostId));
      if (left.length > 0) tellLeftJobs(hostId, left);
      await registry.removeHost(hostId);
      for (const id of [hostId, ...gone.map((guest) => guest.id)]) history.forget(id);
    },
    status: registry.status,
    guests: registry.guests,
    guest: registry.guest,
    alarmOf: runner.ofGuest,
    changeRefusal(alarm) {
      const hostId = alarm.held?.kind === 'host' ? alarm.held.hostId : null;
      const host = registry.hosts().find(({ id }) => id === hostId);
      const guest = registry.guest(alarm.guestId);
      return changeRefusal(alarm, host, guest?.state.name === 'running' && guest.pending === null);
    },
    holderOffers: (guest, action) => holderOffers(guest, hostOf(guest), action),
    alarmsThatNeedTheApp: () =>
      runner
        .list()
        .filter(needsTheApp)
        .map(({ guestId, due }) => ({ guestId, name: registry.guest(guestId)?.remembered.name ?? 'A guest', due })),
    history,
    async start() {
      history.start();
      await registry.start();
      await firstStates(registry.guests(), clock);
      // What was set last before a crash may not be remembered with its guest.
      for (const { guestId, holder, due } of runner.list()) {
        const guest = registry.guest(guestId);
        if (holder === 'guest' && guest?.remembered.rtcAlarm === null) guest.remember({ rtcAlarm: due });
      }
      runner.start();
    },
    async stop() {
      outcomes.stop();
      await runner.stop();
      jobs.stop();
      await jobs.settled();
      await registry.stop();
      await history.stop();
    },
    setPowerState,
    async refresh(guest) {
      await guest.machine?.look();
      if (guest.state.name === 'running') await guest.machine?.lookAtAgent();
    },
    rescan: registry.rescan,
    async moveAlarm(id, change, by) {
      const alarm = changeable(id);
      // Its time is over, and so is what its clock was told; or it is awake, and its clock can be cleared.
      if (alarm?.held?.kind === 'guest') {
        await runner.hold(id, 'app');
        const guest = registry.guest(alarm.guestId);
        if (guest) clocks.tidy(guest);
      }
      const { alarm: moved, from } = await jobs.move(id, change);
      news.moved(from, moved, by);
      return moved;
    },
    async cancelAlarm(id, by) {
      changeable(id);
      await jobs.cancel(id, by);
    },
    add: registry.add,
    remove(id) {
      const alarm = runner.ofGuest(id);
      if (alarm) throw new AlarmRefusedError('An alarm will wake this guest. Cancel the alarm first.');
      registry.remove(id);
      history.forget(id);
    },
    recheck() {
      history.mark();
      runner.recheck();
      reconcile();
      reachAgain();
    },
    recheckAlarms: () => runner.recheck(),
    reachAgain,
  };
  return fleet;
}

/** Alarms are looked at when the guests have been: what is late is then woken at once instead of after a retry. */
async function firstStates(guests: readonly Guest[], clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + FIRST_LOOK_MS;
  const settled = () => guests.every(({ machine }) => !machine || machine.control.status !== 'connecting');
  while (!settled() && clock.monotonic() < deadline) {
    await new Promise<void>((resolve) => void clock.setTimer(20, resolve));
  }
}
