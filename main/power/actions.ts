import type { PowerStateName } from './states';

export type SleepAction = 'suspend' | 'hibernate' | 'hybrid';
export type Action =
  | SleepAction
  | 'wakeup'
  | 'pause'
  | 'resume'
  | 'shutdown'
  | 'reboot'
  | 'poweroff'
  | 'reset'
  | 'start'
  | 'save'
  | 'discard';

export const actions: readonly Action[] = [
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
];

/** The labels users read. */
export const actionLabels: Readonly<Record<Action, string>> = {
  suspend: 'Sleep',
  hibernate: 'Hibernate',
  hybrid: 'Hybrid sleep',
  wakeup: 'Wake',
  pause: 'Pause',
  resume: 'Resume',
  shutdown: 'Shut down',
  reboot: 'Restart',
  poweroff: 'Force off',
  reset: 'Reset',
  start: 'Start',
  save: 'Save',
  discard: 'Discard saved state',
};

export const isSleepAction = (action: Action): action is SleepAction =>
  action === 'suspend' || action === 'hibernate' || action === 'hybrid';

/** The state that an accepted action is expected to end in. */
export const goalOf: Readonly<Record<Action, PowerStateName>> = {
  suspend: 'suspended',
  hibernate: 'hibernated',
  hybrid: 'suspended',
  wakeup: 'running',
  pause: 'paused',
  resume: 'running',
  shutdown: 'off',
  reboot: 'running',
  poweroff: 'off',
  reset: 'running',
  start: 'running',
  save: 'saved',
  discard: 'off',
};

/** Why an action is not done, and what the user can do next. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly remedy?: string;
  /** Set when Reveille can mend it. */
  readonly fix?: Fix;
}

/** What Reveille can change in a guest's definition: ACPI sleep states that are switched off, a missing agent channel. */
export type Fix = 'enable-sleep' | 'add-agent-channel';

export type RefusalCode =
  | 'unknown-guest'
  | 'unknown-host'
  | 'unknown-question'
  | 'bad-address'
  | 'unknown-state'
  | 'wrong-state'
  | 'no-control'
  | 'no-agent'
  | 'agent-silent'
  | 'agent-refused'
  | 's3-disabled'
  | 's4-disabled'
  | 'cannot-wake'
  | 'qemu-too-old'
  | 'hypervisor-refused'
  | 'duration-not-allowed'
  | 'bad-duration'
  | 'bad-schedule'
  | 'update'
  | 'no-start-command'
  | 'start-not-accepted'
  | 'storage'
  | 'no-holder'
  | 'unsupported'
  | 'busy'
  | 'outcome-unknown'
  | 'not-confirmed'
  | 'ended'
  | 'superseded'
  | 'fault';

/** Refusals travel as errors where a call fails, and as values where a rule is asked. */
export class RefusedError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.remedy ? `${refusal.message} ${refusal.remedy}` : refusal.message);
    this.name = 'RefusedError';
  }
}
