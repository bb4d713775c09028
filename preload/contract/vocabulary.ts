import { z } from 'zod';

/** The observed power states (ACPI and libvirt terms). */
export const powerStates = [
  'running',
  'suspended',
  'hibernated',
  'paused',
  'saved',
  'off',
  'crashed',
  'unknown',
] as const;
export const PowerStateName = z.enum(powerStates);
export type PowerStateName = z.infer<typeof PowerStateName>;

export const actions = [
  'suspend',
  'hibernate',
  'hybrid',
  'wakeup',
  'pause',
  'resume',
  'shutdown',
  'reboot',
  'poweroff',
  'reset',
  'start',
  'save',
  'discard',
] as const;
export const ActionName = z.enum(actions);
export type ActionName = z.infer<typeof ActionName>;

/** The sleeps: the only actions that take a duration. */
export const sleeps = ['suspend', 'hibernate', 'hybrid'] as const;
export const SleepName = z.enum(sleeps);
export type SleepName = z.infer<typeof SleepName>;

/** Who runs the machine: whoever started its QEMU, or libvirt. */
export const Manager = z.enum(['qemu', 'libvirt']);
/** What Reveille can change in a guest's definition. */
export const Fix = z.enum(['enable-sleep', 'add-agent-channel']);
export type Fix = z.infer<typeof Fix>;

/** The kinds of picture that a window can show: PNG, and PPM (P6). */
export const screenTypes = ['image/png', 'image/x-portable-pixmap'] as const;

/** How a state is known: told by an event, answered to a query, or concluded from what was seen. */
export const Source = z.enum(['event', 'query', 'inference']);
/** What brought the state about. */
export const Cause = z.enum(['user', 'timer', 'guest', 'host', 'unknown']);
export const AlarmHolder = z.enum(['guest', 'host', 'app']);
export type AlarmHolder = z.infer<typeof AlarmHolder>;
/** `auto`: the most durable holder that the guest offers. */
export const HolderChoice = z.enum(['auto', 'guest', 'host', 'app']);
export type HolderChoice = z.infer<typeof HolderChoice>;

/** What happens to a host's guests before the host itself is put to sleep. */
export const GuestsFirst = z.enum(['leave', 'sleep', 'shutdown']);
export type GuestsFirst = z.infer<typeof GuestsFirst>;
