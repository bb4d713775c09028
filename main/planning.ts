import type { Clock } from './clock';
import { createGroupBook, openGroups, type GroupBook } from './groups/groups';
import { createRuns, type Runs } from './groups/runs';
import { createTargets, type Targets } from './groups/targets';
import type { Fleet } from './guests/fleet';
import type { Notice } from './guests/notices';
import { clockText } from './power/local-time';
import { lastingGroups, lastingSchedules } from './lasting';
import type { Grace } from './schedules/graces';
import { nameOf, openSchedules, type Missed, type Schedule } from './schedules/model';
import { createSchedules, type Schedules } from './schedules/schedules';
import type { Document } from './storage/document';
import type { FileSystem } from './storage/file-system';
import { partlyLasting } from './storage/memory';
import { groupViewOf, scheduleViewOf } from './view/plan-view';
import type { Sources } from './view/publisher';

/** Groups, runs and schedules, and what of them the window shows. */
export interface Planning {
  readonly documents: readonly Document<unknown>[];
  readonly targets: Targets;
  readonly groups: GroupBook;
  readonly runs: Runs;
  readonly schedules: Schedules;
  readonly sources: Pick<Sources, 'schedules' | 'groups' | 'runs' | 'graces'>;
  /** Shows what was kept. */
  show(): void;
  /** The demo is closed: what was about its guests alone ends with it. @throws StorageError */
  demoClosed(): Promise<void>;
  /** A guest or a host came, went or changed. */
  changed(id: string): void;
  stop(): Promise<void>;
}

/** What the user may want to be told of while no window is open. */
export interface PlanEvent {
  /** `failed`: something that a schedule should have done was not done. `asks`: the user can still prevent it, or has to answer. */
  readonly kind: 'failed' | 'asks';
  readonly guestId?: string;
  readonly title: string;
  readonly text: string;
}

export interface PlanningOptions {
  readonly clock: Clock;
  readonly dir: string;
  readonly fs?: FileSystem;
  readonly fleets: () => readonly Fleet[];
  readonly touch: (kind: 'schedules' | 'groups' | 'runs' | 'graces', id: string) => void;
  /** @returns a function that takes the notice back */
  readonly onNotice: (notice: Notice) => () => void;
  readonly onEvent: (event: PlanEvent) => void;
}

/** @throws StorageError when a file cannot be read, or was written by a newer version */
export async function openPlanning(options: PlanningOptions): Promise<Planning> {
  const { clock, dir, fs, fleets, touch, onNotice, onEvent } = options;
  const place = { dir, clock, ...(fs ? { fs } : {}) };
  const [groupDocument, scheduleDocument] = await Promise.all([openGroups(place), openSchedules(place)]);
  const groups: GroupBook = createGroupBook({
    document: partlyLasting(groupDocument, lastingGroups),
    isGuest: (id) => targets.member(id) !== undefined,
    onGroup(id) {
      touch('groups', id);
      for (const schedule of schedules.ids()) touch('schedules', schedule);
    },
  });
  const targets: Targets = createTargets(fleets, (id) => groups.group(id));
  const runs = createRuns({ clock, onRun: (id) => touch('runs', id) });
  const schedules: Schedules = createSchedules({
    clock,
    document: partlyLasting(scheduleDocument, (all) => lastingSchedules(all, groups.all())),
    targets,
    onSchedule: (id) => touch('schedules', id),
    onGrace(id) {
      touch('graces', id);
      const grace = schedules.grace(id);
      if (grace) onEvent(graceEvent(grace, clock.now()));
    },
    onMissed: (schedule, missed) => onEvent(missedEvent(schedule, missed, targets, clock.now())),
    onNotice(notice) {
      const { guestId, severity, title, message } = notice;
      if (severity === 'error') onEvent({ kind: 'failed', ...(guestId ? { guestId } : {}), title, text: message });
      return onNotice(notice);
    },
  });
  /** The guests and hosts that were there when the window was last told of what is planned for them; null before that. */
  let there: Set<string> | null = null;
  const isThere = (id: string) =>
    targets.member(id) !== undefined || fleets().some((fleet) => fleet.hosts().some((host) => host.id === id));

  const show = () => {
    there = new Set(fleets().flatMap((fleet) => [...fleet.guests(), ...fleet.hosts()].map(({ id }) => id)));
    for (const { id } of groups.all()) touch('groups', id);
    for (const id of schedules.ids()) touch('schedules', id);
  };

  return {
    documents: [groupDocument, scheduleDocument],
    targets,
    groups,
    runs,
    schedules,
    sources: {
      groups(id) {
        const group = groups.group(id);
        return group && groupViewOf(group, targets);
      },
      schedules(id) {
        const schedule = schedules.find(id);
        return schedule && scheduleViewOf(schedule, schedules, targets);
      },
      runs(id) {
        const run = runs.run(id);
        return run && { ...run, steps: [...run.steps] };
      },
      graces(id) {
        const grace = schedules.grace(id);
        return grace && { id, title: grace.title, reason: grace.reason, at: grace.at };
      },
    },
    show,
    async demoClosed() {
      const all = schedules.ids().flatMap((id) => schedules.find(id) ?? []);
      const lasting = new Set(lastingSchedules(all, groups.all()).map(({ id }) => id));
      for (const { id } of all) if (!lasting.has(id)) await schedules.remove(id);
      for (const group of groups.all()) if (lastingGroups([group]).length === 0) await groups.remove(group.id);
      show();
    },
    changed(id) {
      schedules.guestChanged(id);
      if (there !== null && isThere(id) !== there.has(id)) show();
    },
    async stop() {
      runs.stop();
      await schedules.stop();
    },
  };
}

/** Its click shows the first of its guests, with what can be cancelled above them. */
function graceEvent({ title, reason, at, guestIds }: Grace, now: number): PlanEvent {
  const [guestId] = guestIds;
  return {
    kind: 'asks',
    ...(guestId === undefined ? {} : { guestId }),
    title: `${title} at ${clockText(at, now)}`,
    text: `By the schedule “${reason}”. Open Reveille to cancel it.`,
  };
}

function missedEvent({ draft }: Schedule, { what, at }: Missed, targets: Targets, now: number): PlanEvent {
  const name = targets.resolve(draft.target).name;
  return {
    kind: 'asks',
    title: `The schedule “${nameOf(draft)}” missed a ${what}`,
    text: `The ${what} of ${name} at ${clockText(at, now)} was missed. Say in Reveille, under Schedules, whether it is still wanted.`,
  };
}
