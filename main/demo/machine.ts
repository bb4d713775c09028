import type { Clock } from '../clock';
import { createGuestSystem } from './guest-system';
import type {
  Delays,
  GuestMemory,
  GuestSystem,
  Machine,
  MachineEvent,
  MachineSettings,
  RunState,
  SimulatedDisk,
} from './simulation';

export interface MachineOptions {
  settings: MachineSettings;
  delays: Delays;
  clock: Clock;
  disk: SimulatedDisk;
  /** How the guest takes a press of its power button while it runs. */
  powerButton(guest: GuestSystem): void;
  /** Whether the guest finds its hibernation image intact. */
  resumesImage(image: GuestMemory): boolean;
  onEvent(event: MachineEvent): void;
  /** Whether the agent runs, or its port is open, may have changed. */
  onAgentChange(): void;
  /** The process has to end. */
  onExit(): void;
}

/** `booting` and `prelaunch` begin a boot, or the resumption of the disk's hibernation image. */
export type InitialState =
  | { kind: 'booting' }
  | { kind: 'prelaunch' }
  | { kind: 'up'; uptimeMs: number }
  | { kind: 'asleep'; uptimeMs: number };

export interface PoweredMachine extends Machine {
  powerOn(initial: InitialState): void;
  /** As SIGTERM does. */
  terminate(): void;
  /** The process is gone: nothing happens any more. */
  off(): void;
}

/** A PC's run states and power, as QEMU's system/runstate.c and system/cpus.c have them. */
export function createMachine(options: MachineOptions): PoweredMachine {
  const { settings, clock } = options;
  let status: RunState = 'prelaunch';
  let alive = true;
  /** QEMU 9 remembers that it stopped a guest in S3 (system/cpus.c vm_was_suspended). */
  let wasSuspended = false;
  let buttonPressedWhilePaused = false;
  const pending = new Set<() => void>();

  const emit = (event: MachineEvent) => {
    if (alive) options.onEvent(event);
  };
  /** Lets QEMU's main loop come round first, so that the command's answer goes out before. */
  const soon = (fn: () => void) => {
    const cancel = clock.setTimer(0, () => {
      pending.delete(cancel);
      fn();
    });
    pending.add(cancel);
  };
  const exit = () => {
    if (alive) options.onExit();
  };

  const enter = (next: RunState) => {
    status = next;
    if (next === 'running' || next === 'suspended') guest.thaw();
    else guest.freeze();
  };
  const wake = () => {
    enter('running');
    guest.wake();
    soon(() => emit({ name: 'WAKEUP' }));
  };

  const guest = createGuestSystem({
    ...options,
    board: {
      emit,
      entersS3() {
        enter('suspended');
        emit({ name: 'SUSPEND' });
      },
      wakesByItself() {
        if (status === 'suspended') wake();
      },
      powersOff() {
        emit({ name: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } });
        if (!settings.noShutdown) {
          exit();
          return;
        }
        enter('shutdown');
        emit({ name: 'STOP' });
      },
    },
  });

  const pressed = () => {
    if (guest.isUp()) options.powerButton(guest);
  };

  return {
    settings,
    guest,
    status: () => status,
    supportsWakeup: () => settings.machine !== 'none',

    powerOn(initial) {
      switch (initial.kind) {
        case 'prelaunch':
        case 'booting':
          enter(initial.kind === 'booting' ? 'running' : 'prelaunch');
          guest.boot('power-on');
          return;
        case 'up':
        case 'asleep':
          enter(initial.kind === 'up' ? 'running' : 'suspended');
          guest.startUp(initial.uptimeMs, initial.kind === 'asleep');
          return;
      }
    },
    stop() {
      const stopsSleeper = status === 'suspended' && settings.qemuVersion.major >= 9;
      if (status !== 'running' && !stopsSleeper) return;
      wasSuspended = stopsSleeper;
      enter('paused');
      emit({ name: 'STOP' });
    },
    cont() {
      if (status === 'shutdown') return 'needs-reset';
      if (status === 'running' || status === 'suspended') return 'done';
      emit({ name: 'RESUME' });
      enter(wasSuspended ? 'suspended' : 'running');
      if (!wasSuspended && guest.isAsleep()) guest.wake();
      wasSuspended = false;
      if (buttonPressedWhilePaused) pressed();
      buttonPressedWhilePaused = false;
      return 'done';
    },
    wakeup() {
      if (status !== 'suspended') return 'not-suspended';
      wake();
      return 'done';
    },
    pressPowerButton() {
      emit({ name: 'POWERDOWN' });
      if (status === 'running') pressed();
      else if (status === 'paused' && !wasSuspended) buttonPressedWhilePaused = true;
    },
    reset() {
      emit({ name: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } });
      wasSuspended = false;
      buttonPressedWhilePaused = false;
      if (status !== 'running') enter('prelaunch');
      // S3 left its mark in CMOS (hw/rtc/mc146818rtc.c rtc_notify_suspend), so the firmware does not boot but
      // resumes.
      if (!guest.isAsleep()) guest.boot('reset');
    },
    quit() {
      emit({ name: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } });
      soon(exit);
    },
    terminate() {
      emit({ name: 'SHUTDOWN', data: { guest: false, reason: 'host-signal' } });
      exit();
    },
    off() {
      alive = false;
      guest.off();
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
