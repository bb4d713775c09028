import type { GraceView, GroupView, RunView, ScheduleView } from '../../preload/contract/schedules';
import type { SettingsView } from '../../preload/contract/settings';
import type {
  AlarmView,
  Availability,
  GuestFacts,
  GuestView,
  HostPowerView,
  HostTestView,
  HostView,
  NoticeView,
  PromptView,
  Snapshot,
} from '../../preload/contract/view';
import { actions } from '../../preload/contract/vocabulary';
import type { ActionName, AlarmHolder, PowerStateName } from '../../preload/contract/vocabulary';

/** Builders of what main would send: plausible by default, any part replaceable. */

const possible: Record<PowerStateName, readonly ActionName[]> = {
  running: ['suspend', 'hibernate', 'pause', 'shutdown', 'reboot', 'poweroff', 'reset'],
  suspended: ['wakeup', 'poweroff'],
  hibernated: ['start'],
  paused: ['resume', 'poweroff'],
  saved: ['start'],
  off: ['start'],
  crashed: ['start'],
  unknown: [],
};

const reasons: Partial<Record<ActionName, Availability>> = {
  hybrid: {
    available: false,
    reason: 'The guest’s agent does not offer hybrid sleep.',
    remedy: 'Install systemd in the guest, or choose Sleep.',
  },
  save: { available: false, reason: 'A plain QEMU has no managed save.' },
};

const ofLibvirt: Partial<Record<PowerStateName, readonly ActionName[]>> = {
  running: ['save'],
  paused: ['save'],
  saved: ['discard'],
};

/** Availabilities as main would give them to a guest in this state. */
export function actionsIn(state: PowerStateName, manager: GuestView['manager'] = 'qemu'): GuestView['actions'] {
  const can = [...possible[state], ...(manager === 'libvirt' ? (ofLibvirt[state] ?? []) : [])];
  const all = actions.map((action): [ActionName, Availability] => [
    action,
    can.includes(action)
      ? { available: true }
      : (reasons[action] ?? { available: false, reason: `Not while the guest is ${state}.` }),
  ]);
  return Object.fromEntries(all) as GuestView['actions'];
}

/** Who keeps an alarm, as main would say it. */
export const keepers: Record<AlarmHolder, string> = {
  guest: 'Its own clock wakes it, also when Reveille is closed and its host’s network is gone.',
  host: 'A systemd timer on its host wakes it, also when Reveille is closed. It does not survive a restart of the host.',
  app: 'Reveille wakes it, and has to be running then.',
};

export const alarmView = (plan: Partial<AlarmView> & Pick<AlarmView, 'id' | 'due'>): AlarmView => ({
  holder: 'app',
  action: 'suspend',
  phase: 'armed',
  keeper: keepers[plan.holder ?? 'app'],
  change: { available: true },
  ...plan,
});

/** An alarm in the clock of a guest that sleeps. */
export const outOfReach: Availability = {
  available: false,
  reason: 'The alarm is in the guest’s own clock, which can’t be reached while it sleeps.',
  remedy: 'Wake the guest; that ends its alarm.',
};

export type GuestPlan = Partial<Omit<GuestView, 'state'>> & { id: string; state?: Partial<GuestView['state']> };

export function guestView({ state, ...plan }: GuestPlan): GuestView {
  const name = state?.name ?? 'running';
  return {
    hostId: 'here',
    name: plan.id,
    manager: 'qemu',
    state: { name, since: null, source: 'event', cause: 'user', ...state },
    pending: null,
    alarm: null,
    agent: { status: 'answering', text: 'Answers.' },
    actions: actionsIn(name, plan.manager),
    memoryMiB: 2048,
    vcpus: 2,
    start: null,
    removable: false,
    historyRevision: 1,
    ...plan,
  };
}

export const thisComputer: HostView = {
  id: 'here',
  name: 'This computer',
  kind: 'this-computer',
  address: null,
  enabled: true,
  link: { kind: 'ready' },
  notHonoured: [],
  remarks: [],
  simulated: false,
  status: { kind: 'ready' },
  power: null,
};

export const demoHost: HostView = {
  id: 'demo',
  name: 'Demo host',
  kind: 'demo',
  address: null,
  enabled: true,
  link: { kind: 'ready' },
  notHonoured: [],
  remarks: [],
  simulated: true,
  status: { kind: 'ready' },
  power: null,
};

/** A host reached by SSH. */
export const sshHost = (plan: Partial<HostView> & { id: string }): HostView => ({
  name: plan.id,
  kind: 'ssh',
  address: `me@${plan.id}`,
  enabled: true,
  link: { kind: 'ready' },
  notHonoured: [],
  remarks: [],
  simulated: false,
  status: { kind: 'ready' },
  power: null,
  ...plan,
});

/** A host that can sleep, and is awake. */
export const hostPower = (plan: Partial<HostPowerView> = {}): HostPowerView => {
  const asleep = plan.state === 'asleep';
  const cannot = (reason: string): Availability => ({ available: false, reason });
  return {
    state: 'awake',
    since: null,
    wakesAt: null,
    sleep: asleep ? cannot('The host sleeps already.') : { available: true },
    wake: asleep ? { available: true } : cannot('The host is awake.'),
    mac: '52:54:00:12:34:56',
    ...plan,
  };
};

export const hostKeyPrompt = (plan: Partial<Extract<PromptView, { kind: 'host-key' }>> = {}): PromptView => ({
  id: 'prompt-key',
  kind: 'host-key',
  hostId: null,
  address: 'me@attic',
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrWXbeqQGVK8ba9Xl0b8Uo2Q',
  file: '/home/me/.ssh/known_hosts',
  authorities: [],
  ...plan,
});

export const secretPrompt = (plan: Partial<Extract<PromptView, { kind: 'secret' }>> = {}): PromptView => ({
  id: 'prompt-secret',
  kind: 'secret',
  hostId: null,
  address: 'me@attic',
  title: 'Password',
  instruction: '',
  fields: [{ label: 'Password', echo: false }],
  again: false,
  canKeep: true,
  ...plan,
});

export const quitPrompt = (plan: Partial<Extract<PromptView, { kind: 'quit' }>> & Pick<Extract<PromptView, { kind: 'quit' }>, 'alarms'>): PromptView => ({
  id: 'prompt-quit',
  kind: 'quit',
  schedules: [],
  ...plan,
});

export const settingsView = (plan: Partial<SettingsView> = {}): SettingsView => ({
  notifications: { woken: true, failed: true, late: true },
  startAtLogin: false,
  startAtLoginMissing: null,
  notificationsMissing: null,
  updates: 'off',
  updatesMissing: null,
  tray: true,
  ...plan,
});

const byId = <T extends { id: string }>(entities: readonly T[]): Record<string, T> =>
  Object.fromEntries(entities.map((entity) => [entity.id, entity]));

export interface SnapshotPlan {
  epoch?: string;
  revision?: number;
  app?: Partial<Snapshot['app']>;
  hosts?: readonly HostView[];
  guests?: readonly GuestView[];
  notices?: readonly NoticeView[];
  prompts?: readonly PromptView[];
  tests?: readonly HostTestView[];
  schedules?: readonly ScheduleView[];
  groups?: readonly GroupView[];
  runs?: readonly RunView[];
  graces?: readonly GraceView[];
}

export function snapshotOf(plan: SnapshotPlan = {}): Snapshot {
  return {
    epoch: plan.epoch ?? 'epoch-1',
    revision: plan.revision ?? 0,
    app: { version: '0.1.0', platform: 'linux', demo: 'closed', settings: settingsView(), update: { kind: 'none', looked: null }, ...plan.app },
    hosts: byId(plan.hosts ?? [thisComputer]),
    guests: byId(plan.guests ?? []),
    notices: byId(plan.notices ?? []),
    prompts: byId(plan.prompts ?? []),
    tests: byId(plan.tests ?? []),
    schedules: byId(plan.schedules ?? []),
    groups: byId(plan.groups ?? []),
    runs: byId(plan.runs ?? []),
    graces: byId(plan.graces ?? []),
  };
}

export function factsOf(guest: GuestView, now: number): GuestFacts {
  const asleep = { missing: 'The guest sleeps; its agent can’t answer.' };
  const awake = guest.state.name === 'running' && guest.agent.status === 'answering';
  return {
    asked: now,
    qemuVersion: { value: '7.2.19 (Debian 1:7.2+dfsg-7)' },
    machine: { value: 'pc-i440fx-7.2' },
    memoryMiB: guest.memoryMiB === null ? { missing: 'Not said.' } : { value: guest.memoryMiB },
    vcpus: guest.vcpus === null ? { missing: 'Not said.' } : { value: guest.vcpus },
    uptimeSeconds: awake ? { value: 273_120 } : asleep,
    os: awake ? { value: 'Debian GNU/Linux 12 (bookworm)' } : asleep,
    hostName: awake ? { value: guest.id } : asleep,
    addresses: awake ? { value: ['192.168.122.14', 'fe80::5054:ff:fe12:3456'] } : asleep,
    uuid: { value: '2f1f6c8e-6f0f-4c39-9a52-0d6c2e0f9b11' },
    pid: { value: 48_213 },
    monitor: { value: `unix:/run/user/1000/${guest.id}-qmp.sock` },
    manager: { missing: 'Nobody: its own command starts it.' },
    agentChannel: { value: `unix:/run/user/1000/${guest.id}-agent.sock` },
  };
}
