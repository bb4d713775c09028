import type { Guest } from '../../../main/guests/guest';
import type { Notice } from '../../../main/guests/notices';
import type { SetPowerState } from '../../../main/guests/power-requests';
import type { SeenState } from '../../../main/history/entry';
import type { SleeperEntry, SleepyHost } from '../../../main/host-power/model';
import type { HostPowerRecord } from '../../../main/host-power/records';
import { createSleeper } from '../../../main/host-power/sleeper';
import type { HostNetwork, HostPower, PowerSurvey, SleepMeans, SleepOrder } from '../../../main/hosts/power';
import type { LinkState } from '../../../main/hosts/ssh/link';
import type { Refusal } from '../../../main/power/actions';
import type { PowerStateName } from '../../../main/power/states';
import { fakeClock, type FakeClock } from '../../fakes/clock';

export const CARD = { name: 'eth0', mac: '52:54:00:ab:cd:ef', wakes: true };

export const surveyOf = (over: Partial<PowerSurvey> = {}): PowerSurvey => ({
  user: { uid: 0, name: 'root' },
  bootId: 'boot-1',
  slept: 4,
  states: ['freeze', 'mem'],
  hasAlarm: true,
  programs: { rtcwake: '/usr/sbin/rtcwake', systemctl: '/usr/bin/systemctl' },
  sudo: null,
  libvirt: 'absent',
  network: { address: '192.168.1.5', prefix: 24, cards: [CARD] },
  ...over,
});

export const lost: LinkState = { kind: 'backoff', nextTry: 0, reason: 'nas does not answer.', remedy: 'Wait.' };

/** A guest as far as its host's sleep is concerned. */
export const guestOf = (name: string, state: PowerStateName = 'running', over: Partial<Guest> = {}): Guest => {
  const guest = {
    id: name,
    hostId: 'nas',
    remembered: { name },
    state: { name: state, since: 0, source: 'event', cause: 'unknown' },
    pending: null,
    standing: () => ({
      manager: 'qemu',
      state: guest.state.name,
      detail: undefined,
      exists: true,
      control: { status: 'ready' },
      agent: { status: 'answering', disabled: [] },
      sleep: { s3: true, s4: true, wakeup: true },
      mended: [],
      start: { kind: 'yes' },
      vmid: undefined,
    }),
    ...over,
  } as unknown as Guest;
  return guest;
};

/** It is seen in that state. */
export const become = (guest: Guest, name: PowerStateName, pending: Guest['pending'] = null): void => {
  Object.assign(guest, { state: { ...guest.state, name }, pending });
};

export interface Bench {
  readonly clock: FakeClock;
  readonly sleeper: ReturnType<typeof createSleeper>;
  /** What the host was told: means and seconds. */
  readonly orders: [SleepMeans, number | null][];
  readonly packets: HostNetwork[];
  readonly notices: Notice[];
  readonly entries: SleeperEntry[];
  readonly events: string[];
  readonly seen: SeenState[];
  readonly asked: { guest: string; action: string }[];
  readonly kept: () => Pick<HostPowerRecord, 'sleep' | 'network'> | undefined;
  readonly connects: () => number;
  readonly returns: () => number;
  /** Whether sudo was asked, survey by survey. */
  readonly permissions: boolean[];
  survey: PowerSurvey | Error;
  /** How the host takes a command; an Error refuses. */
  take: () => Promise<SleepOrder>;
  guests: Guest[];
  alarms: { name: string; due: number }[];
  keepFails: Error | null;
  /** How a guest takes it: a refusal at once, an outcome, or silence. */
  answer: (guest: Guest) => { refusal: Refusal } | { outcome: Refusal | null } | 'silence';
  link: (state: LinkState) => Promise<void>;
  /** What runs now has had its turns. */
  settle: () => Promise<void>;
}

export const never: SleepOrder['ended'] = new Promise(() => undefined);

/** A host whose link, commands and guests the test plays. */
export function createBench(before?: Pick<HostPowerRecord, 'sleep' | 'network'>, clock = fakeClock()): Bench {
  let state: LinkState = { kind: 'connecting', step: 'Connecting' };
  let connects = 0;
  let returns = 0;
  let kept = before;
  const power: HostPower = {
    survey({ permissions }) {
      bench.permissions.push(permissions);
      if (bench.survey instanceof Error) return Promise.reject(bench.survey);
      return Promise.resolve({ ...bench.survey, sudo: permissions ? bench.survey.sudo : null });
    },
    libvirt: () => Promise.resolve(bench.survey instanceof Error ? 'absent' : bench.survey.libvirt),
    sleep(means, seconds) {
      bench.orders.push([means, seconds]);
      return bench.take();
    },
  };
  const host: SleepyHost = {
    name: 'nas',
    link: {
      get state() {
        return state;
      },
      connectNow: () => (connects += 1),
    },
    power,
  };
  const setPowerState: SetPowerState = (guest, { action }, onOutcome) => {
    bench.asked.push({ guest: guest.id, action });
    const answer = bench.answer(guest);
    if (answer === 'silence') return Promise.resolve(null);
    if ('refusal' in answer) return Promise.resolve(answer.refusal);
    void clock.setTimer(100, () => {
      if (!answer.outcome) become(guest, action === 'suspend' ? 'suspended' : 'off');
      onOutcome?.(answer.outcome ? { ok: false, refusal: answer.outcome } : { ok: true });
    });
    return Promise.resolve(null);
  };
  const settle = () => clock.advance(0);
  const bench: Bench = {
    clock,
    orders: [],
    packets: [],
    notices: [],
    entries: [],
    events: [],
    seen: [],
    asked: [],
    permissions: [],
    kept: () => kept,
    connects: () => connects,
    returns: () => returns,
    survey: surveyOf(),
    take: () => Promise.resolve({ ended: never }),
    guests: [],
    alarms: [],
    keepFails: null,
    answer: () => ({ outcome: null }),
    async link(next) {
      state = next;
      bench.sleeper.linkBecame(next);
      await settle();
    },
    settle,
    sleeper: createSleeper({
      clock,
      host: () => host,
      guests: () => bench.guests,
      alarms: () => bench.alarms,
      setPowerState,
      before,
      keep(record) {
        if (bench.keepFails) return Promise.reject(bench.keepFails);
        kept = structuredClone(record);
        return Promise.resolve();
      },
      sendWake(network) {
        bench.packets.push(network);
        return Promise.resolve();
      },
      tell: (notice) => bench.notices.push(notice),
      note: (entry) => bench.entries.push(entry),
      seen: (state) => bench.seen.push(state),
      onEvent: ({ kind, title }) => bench.events.push(`${kind}: ${title}`),
      onReturn: () => (returns += 1),
      onChange: () => undefined,
      onProblem: () => undefined,
      onFault(error) {
        throw error;
      },
    }),
  };
  return bench;
}
