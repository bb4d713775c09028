import type { GuestView, NoticeView, Snapshot } from '../../preload/contract/view';
import type { PowerStateName } from '../../preload/contract/vocabulary';
import { actionsIn, alarmView, demoHost, guestView, snapshotOf, thisComputer } from '../fakes/views';
import { hostScenarios } from './host-scenarios';
import { plannedScenarios } from './planned-scenarios';

/** What the lab's window can be opened with: ?scenario=NAME. Times are counted from `now`, ms since the epoch. */

const minute = 60_000;
const hour = 60 * minute;

const start = {
  executable: '/usr/bin/qemu-system-x86_64',
  args: ['-name', 'nas', '-m', '2048', '-drive', 'file=/srv/vm/my nas.qcow2,if=virtio', '-qmp', 'unix:/run/nas.sock'],
  cwd: '/srv/vm',
  accepted: false,
};

export const hostileNames = [
  '<img src=x onerror="document.title=\'owned\'">',
  'evil\u202egnp.exe',
  'two\nlines\ttab\u0000nul',
  `long-${'x'.repeat(400)}`,
  'مضيف-البيانات',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
  '   ',
  '{{constructor.constructor("alert(1)")()}}',
];

const hostile = (): GuestView[] => hostileNames.map((name, place) => guestView({ id: `hostile-${place}`, name }));

const three = (now: number): GuestView[] => [
  guestView({ id: 'nas', state: { since: now - 125_000 }, start: { ...start, accepted: true } }),
  guestView({
    id: 'build-server',
    state: { name: 'suspended', since: now - 3 * hour, cause: 'user' },
    alarm: alarmView({ id: 'a1', due: now + 8 * hour }),
    memoryMiB: 16_384,
    vcpus: 8,
  }),
  guestView({
    id: 'windows-11',
    state: { name: 'hibernated', since: now - 26 * hour, detail: 'Starting it resumes where it was.' },
    memoryMiB: 8192,
    vcpus: 4,
    start,
    removable: true,
  }),
];

const noAgent: Pick<GuestView, 'agent' | 'actions'> = {
  agent: { status: 'absent', text: 'This guest has no agent channel.' },
  actions: {
    ...actionsIn('running'),
    suspend: {
      available: false,
      reason: 'The guest has no agent channel, so it can’t be asked to sleep.',
      remedy: 'Start it with a virtserialport named org.qemu.guest_agent.0 and install qemu-guest-agent in it.',
    },
    hibernate: { available: false, reason: 'The guest has no agent channel.' },
  },
};

/** What libvirt and virt-manager make of a guest: S3 and S4 switched off, no agent channel, a saved state. */
const domains = (now: number): GuestView[] => {
  const off = (what: string, fix: 'enable-sleep' | 'add-agent-channel') => ({
    available: false as const,
    reason: `${what} is switched off in this guest’s definition.`,
    remedy: 'Enable it in its definition (<pm>); it takes effect at the next start.',
    fix,
  });
  return [
    guestView({
      id: 'desktop',
      manager: 'libvirt',
      state: { since: now - 20 * minute },
      actions: {
        ...actionsIn('running', 'libvirt'),
        suspend: off('Sleep (S3)', 'enable-sleep'),
        hibernate: off('Hibernate (S4)', 'enable-sleep'),
        hybrid: off('Sleep (S3)', 'enable-sleep'),
      },
    }),
    guestView({
      id: 'firewall',
      manager: 'libvirt',
      state: { since: now - 90 * hour },
      agent: { status: 'absent', text: 'This guest has no guest agent channel.' },
      memoryMiB: 512,
      vcpus: 1,
      actions: {
        ...actionsIn('running', 'libvirt'),
        suspend: {
          available: false,
          reason: 'This guest has no guest agent channel, and only the agent can put it to sleep.',
          remedy: 'Add the channel to its definition, and install qemu-guest-agent in the guest.',
          fix: 'add-agent-channel',
        },
      },
    }),
    guestView({ id: 'laboratory', manager: 'libvirt', state: { name: 'saved', since: now - 30 * hour } }),
    guestView({ id: 'media', manager: 'libvirt', state: { name: 'hibernated', since: now - 5 * hour } }),
    guestView({ id: 'spare', manager: 'libvirt', state: { name: 'off', since: now - 50 * hour } }),
  ];
};

const refusesUser = {
  text: 'libvirt refuses this user: authentication unavailable.',
  remedy: 'Add your user to the group libvirt on its host (sudo usermod -aG libvirt USER), then sign in there anew.',
};

/** Each state, each phase of an alarm, work under way, an agent that is missing. */
const many = (now: number): GuestView[] => [
  guestView({ id: 'alpine', state: { since: now - 40 * minute }, ...noAgent }),
  guestView({
    id: 'backup',
    state: { name: 'suspended', since: now - 2 * hour, cause: 'user' },
    alarm: alarmView({ id: 'a2', due: now + 10_000 }),
  }),
  guestView({
    id: 'ci-runner',
    state: { since: now - 5 * minute },
    pending: { action: 'suspend', since: now - 800, queued: 1 },
    alarm: alarmView({ id: 'a3', due: now + 90 * minute, phase: 'pending' }),
  }),
  guestView({ id: 'database', state: { name: 'paused', since: now - 12 * minute, detail: 'Stopped by a full disk.' } }),
  guestView({ id: 'gitlab', state: { name: 'off', since: now - 50 * hour, cause: 'guest' }, start, removable: true }),
  guestView({ id: 'kiosk', state: { name: 'crashed', since: now - 9 * minute, cause: 'unknown' }, start }),
  guestView({
    id: 'mail',
    state: { name: 'hibernated', since: now - 3 * hour },
    alarm: alarmView({ id: 'a4', action: 'hibernate', due: now + 26 * hour }),
    start,
  }),
  guestView({
    id: 'media',
    state: { name: 'suspended', since: now - 9 * hour },
    alarm: alarmView({ id: 'a5', due: now - 4 * minute, phase: 'retrying', reason: 'The monitor does not answer.' }),
  }),
  guestView({ id: 'router', state: { name: 'saved', since: now - 100 * hour, cause: 'host' } }),
  guestView({
    id: 'vault',
    state: { name: 'unknown', since: null, detail: 'Another program holds its only monitor. Close it, or give the guest a second -qmp.' },
    agent: { status: 'unknown', text: 'Not asked yet.' },
  }),
  guestView({
    id: 'waking',
    state: { name: 'suspended', since: now - hour },
    pending: { action: 'wakeup', since: now - 300, queued: 0 },
  }),
];

const notices = (now: number): NoticeView[] => [
  {
    id: 'n1',
    at: now - 20_000,
    guestId: 'nas',
    severity: 'error',
    title: 'nas did not shut down',
    message: 'It was asked through the agent 60 s ago and still runs.',
    remedy: 'Look at its console, or force it off: what it has not written to its disk is lost then.',
    offer: 'poweroff',
  },
  {
    id: 'n2',
    at: now - 3 * hour,
    guestId: 'build-server',
    severity: 'info',
    title: 'build-server was woken late',
    message: 'Its alarm was due at 03:00, while Reveille was closed. It was woken at 03:20.',
  },
];

const states: readonly PowerStateName[] = ['running', 'suspended', 'running', 'off', 'running', 'hibernated'];

const crowd = (count: number, now: number): GuestView[] =>
  Array.from({ length: count }, (_, place) => {
    const name = states[place % states.length] ?? 'running';
    const due = now + (place + 1) * 7 * minute;
    return guestView({
      id: `guest-${place + 1}`,
      state: { name, since: now - place * minute },
      ...(name === 'suspended'
        ? { alarm: alarmView({ id: `crowd-${place}`, due }) }
        : {}),
    });
  });

const asDemo = (guest: GuestView): GuestView => ({ ...guest, hostId: 'demo' });

export const scenarios: Record<string, (now: number) => Snapshot> = {
  looking: () => snapshotOf({ hosts: [{ ...thisComputer, status: { kind: 'looking' } }] }),
  none: () => snapshotOf(),
  failed: () =>
    snapshotOf({
      hosts: [
        {
          ...thisComputer,
          status: { kind: 'failed', message: 'The list of processes can’t be read.', remedy: 'Mount /proc and open Reveille anew.' },
        },
      ],
    }),
  three: (now) => snapshotOf({ guests: three(now) }),
  many: (now) => snapshotOf({ guests: many(now) }),
  libvirt: (now) => snapshotOf({ guests: domains(now) }),
  remarks: (now) => snapshotOf({ hosts: [{ ...thisComputer, remarks: [refusesUser] }], guests: three(now) }),
  'only-remarks': () => snapshotOf({ hosts: [{ ...thisComputer, remarks: [refusesUser] }] }),
  hostile: () => snapshotOf({ guests: hostile() }),
  notices: (now) => snapshotOf({ guests: three(now), notices: notices(now) }),
  demo: (now) =>
    snapshotOf({ app: { demo: 'open' }, hosts: [thisComputer, demoHost], guests: three(now).map(asDemo) }),
  both: (now) =>
    snapshotOf({
      app: { demo: 'open' },
      hosts: [thisComputer, demoHost],
      guests: [...many(now), ...three(now).map(asDemo)],
    }),
  crowd: (now) => snapshotOf({ guests: crowd(300, now) }),
  ...hostScenarios,
  ...plannedScenarios({ three, many, crowd }),
};
