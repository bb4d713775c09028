import type { Clock } from '../../../main/clock';
import type { Member, Outcome } from '../../../main/groups/member';
import type { Placed, Targets } from '../../../main/groups/targets';
import type { Notice } from '../../../main/guests/notices';
import type { PowerRequest } from '../../../main/guests/power-requests';
import type { Machine, MachineStats } from '../../../main/hypervisors/machine';
import { isSleepAction, type Action, type Refusal } from '../../../main/power/actions';
import type { PowerStateName } from '../../../main/power/states';
import { openSchedules, type ScheduleDraft } from '../../../main/schedules/model';
import { createSchedules, type Schedules } from '../../../main/schedules/schedules';
import { fakeClock } from '../../fakes/clock';
import { memoryFs, type MemoryFs } from '../../fakes/memory-fs';

export const S = 1_000;
export const MIN = 60 * S;
export const H = 60 * MIN;
export const D = 24 * H;
const ACT_MS = 50;

export const utc = (text: string) => Date.parse(`${text}Z`);
export const shown = (at: number | null) => at && new Date(at).toISOString().slice(0, 19);

/** One guest as it is, whatever the app knows. */
export interface SimulatedGuest {
  state: PowerStateName;
  since: number | null;
  /** Of the alarm that wakes it; whoever keeps it, it holds. */
  alarm: number | null;
  users: string[];
  /** null: nobody tells. */
  cpu: number | null;
  /** What comes of being asked. */
  refusal: Refusal | null;
  deaf: boolean;
  /** Why its alarm cannot be moved; null when it can. */
  fixed: string | null;
  /** A fault of the app's own when its agent is looked at. */
  fault: Error | null;
}

/** What a guest was asked. */
export interface Asked {
  readonly id: string;
  readonly action: Action;
  readonly at: number;
  readonly due: number | null;
  readonly by: PowerRequest['by'];
  readonly holder: string;
}

export interface Process {
  readonly schedules: Schedules;
  readonly fs: MemoryFs;
  readonly notices: Notice[];
  readonly graces: Set<string>;
  /** Missed halves that the user was asked about. */
  readonly asked: string[];
  isAlive(): boolean;
  kill(): void;
}

export const draft = (change: Partial<ScheduleDraft> = {}): ScheduleDraft => ({
  name: 'Nights',
  target: { kind: 'guests', guestIds: ['nas'] },
  action: 'suspend',
  rule: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], sleepAt: '23:30', wakeAt: '07:00' },
  timeZone: 'UTC',
  missed: 'late',
  holder: 'auto',
  ...change,
  conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 0, ...change.conditions },
});

/** Wakes at 07:00, and puts nobody to sleep. */
export const mornings = {
  rule: { kind: 'weekly' as const, days: [1, 2, 3, 4, 5, 6, 7], sleepAt: null, wakeAt: '07:00' },
};

/** Guests with alarms that hold, a clock and a disk, and an app on them that does what schedules say. */
export function createWorld(start = '2026-11-23T22:00') {
  const clock = fakeClock(utc(start));
  const guests = new Map<string, SimulatedGuest>();
  const asked: Asked[] = [];
  const notes: { id: string; text: string }[] = [];
  /** Delays after each, in seconds. */
  let group: { id: string; delay: number }[] = [];
  let process: Process | undefined;
  let serial = 0;
  /** A fault of the app's own, whenever it looks whom a schedule is about. */
  let fault: Error | null = null;

  const guest = (id: string): SimulatedGuest => {
    const known = guests.get(id);
    if (known) return known;
    const made: SimulatedGuest = {
      state: 'running',
      since: null,
      alarm: null,
      users: [],
      cpu: 0,
      refusal: null,
      deaf: false,
      fixed: null,
      fault: null,
    };
    guests.set(id, made);
    return made;
  };

  const be = (id: string, state: PowerStateName) => {
    Object.assign(guest(id), { state, since: clock.now(), ...(state === 'suspended' ? {} : { alarm: null }) });
    if (process?.isAlive()) process.schedules.guestChanged(id);
  };

  /** The alarms that came due wake their guests. */
  const ring = () => {
    for (const [id, { alarm, state }] of guests)
      if (alarm !== null && alarm <= clock.now() && state === 'suspended') be(id, 'running');
  };

  const nothing = { missing: 'Not told.' } as const;
  const stats = (cpuPercent: MachineStats['cpuPercent']): MachineStats => ({
    cpuPercent,
    memoryUsedMiB: nothing,
    memoryMiB: nothing,
    diskRead: nothing,
    diskWritten: nothing,
    netReceived: nothing,
    netSent: nothing,
  });

  const memberOn = (id: string, own: Clock): Member => {
    let looks = 0;
    const machine = {
      hasAgentChannel: true,
      lookAtAgent: () => {
        const { fault } = guest(id);
        return fault ? Promise.reject(fault) : Promise.resolve({ status: 'answering', disabled: [] });
      },
      signedInUsers: () => Promise.resolve({ value: guest(id).users }),
      stats: () => {
        looks += 1;
        const { cpu } = guest(id);
        return Promise.resolve(
          stats(cpu === null ? nothing : looks % 2 === 1 ? { missing: 'Being measured.' } : { value: cpu }),
        );
      },
    } as Partial<Machine> as Machine;
    return {
      id,
      hostId: 'local',
      name: () => id,
      state: () => ({ name: guest(id).state, since: guest(id).since, source: 'event', cause: 'unknown' }),
      alarmDue: () => guest(id).alarm,
      machine: () => machine,
      startIsAccepted: () => true,
      note: (text) => void notes.push({ id, text }),
      moveAlarm(due) {
        const it = guest(id);
        if (it.fixed !== null) return Promise.resolve(it.fixed);
        it.alarm = due;
        clock.setTimer(due - clock.now(), ring);
        return Promise.resolve(null);
      },
      async act({ action, when, by, alarm }): Promise<Outcome> {
        const it = guest(id);
        const right = isSleepAction(action) ? it.state === 'running' : it.state === 'suspended';
        if (it.state === 'unknown')
          return { kind: 'failed', begun: false, refusal: { code: 'unknown-state', message: 'It cannot be seen.' } };
        if (!right) return { kind: 'skipped', text: `It is ${it.state}.` };
        if (it.refusal) return { kind: 'failed', begun: false, refusal: it.refusal };
        const due = when.kind === 'until' ? when.at : null;
        asked.push({ id, action, at: own.now(), due, by, holder: alarm });
        await new Promise<void>((resolve) => void own.setTimer(ACT_MS, resolve));
        if (it.deaf)
          return { kind: 'failed', begun: true, refusal: { code: 'not-confirmed', message: 'It did not.' } };
        be(id, isSleepAction(action) ? 'suspended' : 'running');
        if (isSleepAction(action)) it.alarm = due;
        // Whoever keeps it, it outlives the app.
        if (due !== null) clock.setTimer(due - clock.now(), ring);
        return { kind: 'done' };
      },
    };
  };

  async function boot(fs: MemoryFs = memoryFs()): Promise<Process> {
    let killed = false;
    const isAlive = () => !killed && !fs.isCrashed();
    const own: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (ms, fn) => clock.setTimer(ms, () => isAlive() && fn()),
    };
    const document = await openSchedules({ dir: '/p', fs, clock });
    if (document.problem) throw new Error(document.problem.message);
    const notices: Notice[] = [];
    const graces = new Set<string>();
    const askedAbout: string[] = [];
    const placed = (id: string, delay = 0): Placed[] =>
      guests.has(id) ? [{ member: memberOn(id, own), delayMs: delay * S }] : [];
    const targets: Targets = {
      member: (id) => (guests.has(id) ? memberOn(id, own) : undefined),
      resolve(target) {
        if (fault) throw fault;
        const members =
          target.kind === 'guests'
            ? target.guestIds.flatMap((id) => placed(id))
            : group.flatMap(({ id, delay }) => placed(id, delay));
        return {
          name: target.kind === 'group' ? 'Storage' : members.length === 1 ? (members[0]?.member.id ?? '') : `${members.length} guests`,
          members,
          ordered: target.kind === 'group',
          problem: members.length > 0 ? null : 'Its guests are no longer on the list.',
        };
      },
    };
    const schedules = createSchedules({
      clock: own,
      document,
      targets,
      onSchedule: () => undefined,
      onGrace: (id) => void (schedules.grace(id) ? graces.add(id) : graces.delete(id)),
      onMissed: (_, { what, at }) => void askedAbout.push(`${what} ${shown(at)}`),
      onNotice(notice) {
        notices.push(notice);
        return () => void (notices.includes(notice) && notices.splice(notices.indexOf(notice), 1));
      },
      newId: () => `schedule ${(serial += 1)}`,
    });
    process = {
      schedules,
      fs,
      notices,
      graces,
      asked: askedAbout,
      isAlive,
      kill() {
        killed = true;
        fs.fault = () => 'crash';
      },
    };
    return process;
  }

  const app = (): Process => {
    if (!process) throw new Error('The app is not running');
    return process;
  };

  return {
    clock,
    guest,
    be,
    asked,
    notes,
    app,
    boot,
    setGroup: (members: typeof group) => (group = members),
    break: (error: Error | null) => void (fault = error),
    forget: (id: string) => guests.delete(id),
    /** A new run of the app, on the files of the last one. */
    async again() {
      const { fs } = app();
      app().kill();
      const next = await boot(fs.afterProcessEnd());
      next.schedules.start();
      return next;
    },
    /** Lets time pass up to an instant. */
    until: (text: string) => clock.advance(utc(text) - clock.now()),
    acts: () => asked.map(({ id, action, at, due }) => [id, action, shown(at), shown(due)]),
  };
}

export type World = ReturnType<typeof createWorld>;

/** A world in which the app runs with one schedule. */
export async function scheduled(change: Partial<ScheduleDraft> = {}, ids: readonly string[] = ['nas'], start?: string) {
  const world = createWorld(start);
  for (const id of ids) world.guest(id);
  const app = await world.boot();
  app.schedules.start();
  const id = await app.schedules.save(null, draft({ target: { kind: 'guests', guestIds: [...ids] }, ...change }));
  return { world, id };
}
