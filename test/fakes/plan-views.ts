import type { GraceView, GroupView, RunView, ScheduleDraft, ScheduleView } from '../../preload/contract/schedules';

/** Builders of what main would send about schedules, groups and what comes of them: plausible by default. */

export const scheduleDraft = (plan: Partial<ScheduleDraft> = {}): ScheduleDraft => ({
  name: '',
  target: { kind: 'guests', guestIds: ['nas'] },
  action: 'suspend',
  rule: { kind: 'weekly', days: [1, 2, 3, 4, 5], sleepAt: '23:30', wakeAt: '07:00' },
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  missed: 'late',
  conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 0 },
  holder: 'auto',
  ...plan,
});

export const scheduleView = ({
  draft,
  ...plan
}: Partial<Omit<ScheduleView, 'draft'>> & { id: string; draft?: Partial<ScheduleDraft> }): ScheduleView => ({
  draft: scheduleDraft(draft),
  text: 'Weekdays 23:30 to 07:00',
  paused: false,
  skipsNext: false,
  next: [],
  missed: null,
  ...plan,
});

export const groupView = (plan: Partial<GroupView> & { id: string }): GroupView => ({
  name: plan.id,
  members: [{ guestId: 'nas', delaySeconds: 0 }],
  ...plan,
});

export const runView = (plan: Partial<RunView> & { id: string; at: number }): RunView => ({
  title: 'Wake: 3 guests',
  steps: [],
  done: false,
  ...plan,
});

export const graceView = (plan: Partial<GraceView> & { id: string; at: number }): GraceView => ({
  title: 'nas goes to sleep',
  reason: 'Weekdays 23:30 to 07:00',
  ...plan,
});
