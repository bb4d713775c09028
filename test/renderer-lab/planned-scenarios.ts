import type { GuestView, Snapshot } from '../../preload/contract/view';
import { graceView, groupView, runView, scheduleDraft, scheduleView } from '../fakes/plan-views';
import { nextOf, ruleText } from '../fakes/rough-rules';
import type { RunView, ScheduleDraft, ScheduleView } from '../../preload/contract/schedules';
import { hostPower, quitPrompt, settingsView, snapshotOf, sshHost, thisComputer } from '../fakes/views';
import { alarmsOfTheApp } from '../fakes/window-power';

/** Scenarios of schedules, groups, hosts that sleep, and questions about the end of the app. */

const minute = 60_000;
const hour = 60 * minute;

/** Its text and its occurrences as the fake reads them. */
const planned = (now: number, id: string, draft: Partial<ScheduleDraft>, plan: Partial<Omit<ScheduleView, 'draft'>> = {}): ScheduleView => {
  const whole = scheduleDraft(draft);
  return scheduleView({ id, draft: whole, text: ruleText(whole.rule), next: nextOf(whole, now), ...plan });
};

const weekends: ScheduleDraft['rule'] = { kind: 'weekly', days: [6, 7], sleepAt: '01:00', wakeAt: null };

const someSchedules = (now: number): ScheduleView[] => [
  planned(now, 's1', { name: 'Weekdays', target: { kind: 'guests', guestIds: ['nas', 'build-server'] } }),
  planned(now, 's2', { target: { kind: 'guests', guestIds: ['windows-11'] }, action: 'hibernate', rule: weekends }, { paused: true }),
  planned(
    now,
    's3',
    {
      name: 'Storage at night',
      target: { kind: 'group', groupId: 'storage' },
      rule: { kind: 'cron', sleep: '30 1 * * *', wake: '0 6 * * 1-5' },
      missed: 'ask',
      conditions: { nobodySignedIn: true, cpuBelowPercent: 20, graceSeconds: 300 },
      holder: 'host',
    },
    { skipsNext: true, missed: { what: 'sleep', at: now - 5 * hour } },
  ),
  planned(
    now,
    's4',
    { target: { kind: 'guests', guestIds: ['gone'] }, rule: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], sleepAt: null, wakeAt: '06:30' } },
    { problem: 'Its guest is gone. Choose another, or remove the schedule.', next: [] },
  ),
];

const hostsWithPower = (now: number) => [
  thisComputer,
  sshHost({ id: 'attic', power: hostPower() }),
  sshHost({
    id: 'barn',
    link: { kind: 'offline' },
    power: hostPower({ state: 'asleep', since: now - 2 * hour, wakesAt: now + 6 * hour }),
  }),
  sshHost({
    id: 'cellar',
    power: hostPower({
      sleep: {
        available: false,
        reason: 'sudo asks for a password for rtcwake there.',
        remedy: 'Allow it without one: echo "me ALL=(root) NOPASSWD: /usr/sbin/rtcwake" in /etc/sudoers.d/reveille.',
      },
    }),
  }),
  sshHost({
    id: 'den',
    link: { kind: 'offline' },
    power: hostPower({
      state: 'asleep',
      since: now - 26 * hour,
      mac: null,
      wake: { available: false, reason: 'Its MAC address was never seen.', remedy: 'Wake it by its power button.' },
    }),
  }),
];

/** A run with a step in each state. */
function fiveAtWork(guests: readonly GuestView[], now: number): RunView {
  const states = ['done', 'running', 'skipped', 'failed', 'waiting'] as const;
  const steps = guests.slice(0, 5).map(({ id, name }, place) => {
    const state = states[place] ?? 'waiting';
    const why = state === 'failed' ? { text: 'It did not fall asleep within 60 s. Look at its console.' } : state === 'skipped' ? { text: 'It is off.' } : {};
    return { guestId: id, name, state, ...why };
  });
  return runView({ id: 'r1', at: now - minute, title: 'Sleep: 5 guests', steps });
}

interface Guests {
  three: (now: number) => GuestView[];
  many: (now: number) => GuestView[];
  crowd: (count: number, now: number) => GuestView[];
}

export function plannedScenarios({ three, many, crowd }: Guests): Record<string, (now: number) => Snapshot> {
  const groups = [
    groupView({
      id: 'storage',
      name: 'Storage',
      members: [
        { guestId: 'nas', delaySeconds: 30 },
        { guestId: 'build-server', delaySeconds: 0 },
      ],
    }),
  ];
  const withGroups = (now: number) => snapshotOf({ guests: three(now), groups });
  const crowded = (count: number, schedules: number) => (now: number) => {
    const guests = crowd(count, now);
    return snapshotOf({
      guests,
      schedules: Array.from({ length: schedules }, (_, place) =>
        planned(now, `c${place}`, { name: `Plan ${place + 1}`, target: { kind: 'guests', guestIds: guests.slice(place, place + 5).map(({ id }) => id) } }),
      ),
    });
  };
  return {
    groups: withGroups,
    schedules: (now) => snapshotOf({ guests: three(now), groups, schedules: someSchedules(now) }),
    'crowd-schedules': crowded(300, 60),
    grace: (now) => ({
      ...withGroups(now),
      graces: { g1: graceView({ id: 'g1', at: now + 4 * minute }), g2: graceView({ id: 'g2', at: now + 40_000, title: 'Storage: 2 guests go to sleep', reason: 'Storage at night' }) },
    }),
    run: (now) => {
      const guests = many(now);
      return snapshotOf({ guests, runs: [fiveAtWork(guests, now)] });
    },
    /** One under way, and two of before. */
    runs: (now) => {
      const guests = many(now);
      const [alpine, backup] = guests.map(({ id, name }) => ({ guestId: id, name }));
      if (alpine === undefined || backup === undefined) throw new Error('There are guests enough.');
      const older = [
        runView({
          id: 'r0',
          at: now - 30 * minute,
          title: 'Start: Storage',
          done: true,
          steps: [
            { ...alpine, state: 'done' },
            { ...backup, state: 'cancelled' },
          ],
        }),
        runView({
          id: 'r00',
          at: now - 20 * minute,
          title: 'Wake: Storage',
          done: true,
          steps: [
            { ...alpine, state: 'done' },
            { ...backup, state: 'failed', text: 'It did not wake within 60 s.' },
          ],
        }),
      ];
      return snapshotOf({ guests, runs: [fiveAtWork(guests, now), ...older] });
    },
    'host-power': (now) => snapshotOf({ hosts: hostsWithPower(now), guests: three(now).map((guest) => ({ ...guest, hostId: 'attic' })) }),
    quit: (now) => {
      const view = snapshotOf({ guests: many(now) });
      return { ...view, prompts: { q: quitPrompt({ id: 'q', alarms: alarmsOfTheApp(view) }) } };
    },
    'quit-schedules': (now) => ({
      ...snapshotOf({ guests: three(now) }),
      prompts: {
        q: quitPrompt({ id: 'q', alarms: [], schedules: [{ scheduleId: 's', name: 'Nights', next: { sleep: now + 60 * minute, wake: now + 540 * minute } }] }),
      },
    }),
    'no-tray': (now) =>
      snapshotOf({
        guests: three(now),
        app: {
          settings: settingsView({
            tray: false,
            startAtLoginMissing: 'This desktop has no folder for programs that start by themselves.',
            notificationsMissing: 'No notification service answers on this desktop.',
          }),
        },
      }),
  };
}
