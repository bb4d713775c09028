import { randomUUID } from 'node:crypto';
import { MAX_TIMER_MS, type Clock } from '../clock';
import { guestTimers } from './guest-timers';
import type {
  Delays,
  GuestMemory,
  GuestSystem,
  MachineEvent,
  MachineSettings,
  SimulatedDisk,
} from './simulation';

/** What the guest does to the machine around it. */
export interface Board {
  emit(event: MachineEvent): void;
  entersS3(): void;
  wakesByItself(): void;
  powersOff(): void;
}

export interface GuestSystemOptions {
  settings: MachineSettings;
  delays: Delays;
  clock: Clock;
  disk: SimulatedDisk;
  board: Board;
  /** Whether the image is found intact at boot. */
  resumesImage(image: GuestMemory): boolean;
  onAgentChange(): void;
}

/** The guest's system, and the machine's ways to touch it. */
export interface PoweredGuest extends GuestSystem {
  boot(after: 'power-on' | 'reset'): void;
  /** Begins as if it had booted `uptimeMs` ago. */
  startUp(uptimeMs: number, asleep: boolean): void;
  /** The vCPUs stop: nothing happens in the guest until `thaw`. */
  freeze(): void;
  thaw(): void;
  wake(): void;
  isUp(): boolean;
  isAsleep(): boolean;
  /** The process ends. */
  off(): void;
}

type Phase =
  | 'off'
  | 'booting'
  | 'up'
  | 'suspending'
  /** Devices are off so that the image can be made. */
  | 'imaging'
  /** Devices are on again so that the image can be written; the agent stands still. */
  | 'writing-image'
  | 'asleep'
  | 'waking'
  | 'shutting-down'
  | 'halted';

/**
 * How far behind a guest's clock is after S3 and S4 beyond the RTC's whole seconds; measured: up to 1.5 s
 * in all.
 */
const WAKE_LAG_MS = 500;
/** From the machine's reset to the firmware's own. */
const FIRMWARE_RESET_MS = 40;

const GUEST_RESET: MachineEvent = { name: 'RESET', data: { guest: true, reason: 'guest-reset' } };

/** The RAM of a guest that booted `uptimeMs` ago. */
export const bootedMemory = (clock: Clock, uptimeMs: number): GuestMemory => ({
  bootId: randomUUID(),
  bootedAt: clock.monotonic() - uptimeMs,
  clockLagMs: 0,
  openFiles: new Map(),
  lastFileHandle: 999,
});

export function createGuestSystem(options: GuestSystemOptions): PoweredGuest {
  const { settings, delays, clock, disk, board } = options;
  const timers = guestTimers(clock);
  let phase: Phase = 'off';
  let memory: GuestMemory | null = null;
  let frozenAt: number | null = null;
  let rtcLagMs = 0;
  let portOpen = false;
  let wakeAlarmAt: number | null = null;
  let cancelWakeAlarm = () => {};

  /** By the RTC, which goes on while the vCPUs stand still. */
  const setWakeAlarm = (ms: number | null) => {
    cancelWakeAlarm();
    cancelWakeAlarm = () => {};
    wakeAlarmAt = ms === null ? null : clock.now() - rtcLagMs + ms;
    if (ms === null) return;
    cancelWakeAlarm = clock.setTimer(Math.min(ms, MAX_TIMER_MS), () => {
      if (ms > MAX_TIMER_MS) return setWakeAlarm(ms - MAX_TIMER_MS);
      wakeAlarmAt = null;
      if (phase === 'asleep') board.wakesByItself();
    });
  };

  const agentOpensPort = () =>
    (settings.agent === 'running' || settings.agent === 'silent') &&
    ['up', 'suspending', 'writing-image'].includes(phase);

  const enter = (next: Phase) => {
    phase = next;
    if (portOpen !== agentOpensPort()) {
      portOpen = agentOpensPort();
      board.emit({ name: 'VSERPORT_CHANGE', data: { id: 'channel0', open: portOpen } });
    }
    options.onAgentChange();
  };

  const rtcLag = () => rtcLagMs + ((clock.now() - rtcLagMs) % 1000);
  const readClockFromRtc = (running: GuestMemory) => {
    running.clockLagMs = rtcLag() + WAKE_LAG_MS;
  };

  const finishBoot = () => {
    const image = disk.hibernationImage;
    disk.hibernationImage = null;
    if (image && options.resumesImage(image)) {
      memory = image;
      readClockFromRtc(image);
    } else {
      memory = bootedMemory(clock, 0);
    }
    enter('up');
  };

  const boot: PoweredGuest['boot'] = (after) => {
    timers.clear();
    memory = null;
    enter('booting');
    if (after === 'reset') timers.after(FIRMWARE_RESET_MS, () => board.emit(GUEST_RESET));
    timers.after(delays.boot, finishBoot);
  };

  const poweredOff = () => {
    memory = null;
    phase = 'off';
    portOpen = false;
    options.onAgentChange();
    board.powersOff();
  };

  return {
    boot,
    startUp(uptimeMs, asleep) {
      memory = bootedMemory(clock, uptimeMs);
      enter(asleep ? 'asleep' : 'up');
    },
    freeze() {
      timers.freeze();
      frozenAt ??= clock.monotonic();
      options.onAgentChange();
    },
    thaw() {
      if (frozenAt !== null && memory) {
        const stoodStillMs = clock.monotonic() - frozenAt;
        memory.bootedAt += stoodStillMs;
        memory.clockLagMs += stoodStillMs;
      }
      frozenAt = null;
      timers.thaw();
      options.onAgentChange();
    },
    wake() {
      if (phase !== 'asleep') throw new Error(`A guest that is ${phase} cannot wake`);
      enter('waking');
      disk.hibernationImage = null;
      timers.after(delays.wake, () => {
        if (memory) readClockFromRtc(memory);
        enter('up');
      });
    },
    isUp: () => phase === 'up',
    isAsleep: () => phase === 'asleep',
    off() {
      setWakeAlarm(null);
      timers.clear();
      memory = null;
      phase = 'off';
    },

    supports: (mode) =>
      mode === 'ram'
        ? settings.s3
        : mode === 'disk'
          ? settings.s4
          : settings.hybrid && settings.s3 && settings.s4,
    suspend(mode) {
      if (phase !== 'up') return;
      enter(mode === 'ram' ? 'suspending' : 'imaging');
      if (mode !== 'ram') timers.after(delays.hibernate / 2, () => enter('writing-image'));
      timers.after(mode === 'ram' ? delays.suspend : delays.hibernate, () => {
        if (mode !== 'ram') disk.hibernationImage = memory;
        if (mode === 'disk') {
          board.emit({ name: 'SUSPEND_DISK' });
          poweredOff();
          return;
        }
        enter('asleep');
        board.entersS3();
      });
    },
    shutdown(mode) {
      if (phase !== 'up') return;
      enter('shutting-down');
      timers.after(delays.shutdown, () => {
        if (mode === 'powerdown') {
          poweredOff();
        } else if (mode === 'reboot') {
          board.emit(GUEST_RESET);
          boot('reset');
        } else {
          enter('halted');
        }
      });
    },
    wakeByItself() {
      if (phase === 'asleep') board.wakesByItself();
    },
    setWakeAlarm,
    wakeAlarm: () => wakeAlarmAt,
    rtcMs: () => clock.now() - rtcLagMs,
    agentOpensPort: () => portOpen,
    agentRuns: () => settings.agent === 'running' && phase === 'up' && frozenAt === null,
    memory: () => memory,
    uptimeMs: () => (memory ? (frozenAt ?? clock.monotonic()) - memory.bootedAt : 0),
    timeMs: () => clock.now() - (memory?.clockLagMs ?? 0),
    setTime(timeMs) {
      if (!memory) return;
      if (timeMs === null) {
        memory.clockLagMs = rtcLag();
        return;
      }
      rtcLagMs = clock.now() - timeMs;
      memory.clockLagMs = rtcLagMs;
      board.emit({
        name: 'RTC_CHANGE',
        data: { offset: -Math.round(rtcLagMs / 1000), 'qom-path': '/machine/unattached/device[9]' },
      });
    },
  };
}
