import type { Actor, HistoryEntry } from '../preload/contract/timeline';
import type { AlarmView, GuestView, HostView, MendingView, StateView } from '../preload/contract/view';
import type { HolderChoice, PowerStateName } from '../preload/contract/vocabulary';
import type { IconName } from './ui/icon';
import { cleanLine, guestName } from './text';
import { dayAndTime } from './time';

/** How a power state is written and drawn. The icon's shape tells it apart; the tone only helps. */
export interface StateWords {
  label: string;
  icon: IconName;
  /** Also the name of the CSS tone (styles/tokens.css). */
  tone: PowerStateName;
  /** One sentence for the detail pane. */
  meaning: string;
}

export const stateWords: Record<PowerStateName, StateWords> = {
  running: { label: 'Running', icon: 'running', tone: 'running', meaning: 'The guest is awake.' },
  suspended: {
    label: 'Sleeping',
    icon: 'moon',
    tone: 'suspended',
    meaning: 'The guest put itself to sleep; its memory is kept by the host.',
  },
  hibernated: {
    label: 'Hibernated',
    icon: 'snowflake',
    tone: 'hibernated',
    meaning: 'The guest wrote its memory to its own disk and switched off. Starting it resumes it.',
  },
  paused: {
    label: 'Paused',
    icon: 'pause',
    tone: 'paused',
    meaning: 'The hypervisor stopped its processors; the guest does not know.',
  },
  saved: {
    label: 'Saved',
    icon: 'save',
    tone: 'saved',
    meaning: 'The host wrote its memory to a file and stopped it. Starting it goes on from there.',
  },
  off: { label: 'Off', icon: 'power', tone: 'off', meaning: 'The guest does not run.' },
  crashed: { label: 'Crashed', icon: 'crash', tone: 'crashed', meaning: 'The guest ended without shutting down.' },
  unknown: { label: 'Unknown', icon: 'unknown', tone: 'unknown', meaning: 'Its state could not be seen.' },
};

export const sourceWords: Record<StateView['source'], string> = {
  event: 'the hypervisor reported it',
  query: 'the hypervisor was asked',
  inference: 'concluded from what was seen',
};

export const causeWords: Record<StateView['cause'], string> = {
  user: 'you',
  timer: 'an alarm',
  guest: 'the guest itself',
  host: 'the host',
  unknown: 'not known',
};

/** Whose alarm it was, after "by". */
const alarmWords: Record<AlarmView['holder'], string> = {
  guest: 'its own clock',
  host: 'the job on its host',
  app: 'Reveille’s alarm',
};

/** Who did it, after "by"; empty when that is not known. */
export function actorWords(actor: Actor): string {
  switch (actor.kind) {
    case 'user':
      return 'you';
    case 'schedule':
      return actor.name.trim() === '' ? 'a schedule' : `the schedule “${cleanLine(actor.name)}”`;
    case 'alarm':
      return alarmWords[actor.holder];
    case 'guest':
      return 'the guest itself';
    case 'host':
      return 'the host';
    case 'unknown':
      return '';
  }
}

/** Who keeps an alarm, short, after when it wakes: in a row. */
export const holderWords: Record<AlarmView['holder'], string> = {
  guest: 'by its own clock',
  host: 'by its host',
  app: 'by Reveille',
};

/** Who is to keep the alarms of several guests; what a guest can't offer is said guest by guest. */
export const holderChoiceWords: Record<HolderChoice, { label: string; many: string }> = {
  auto: { label: 'Automatic', many: 'For each guest the one that survives most.' },
  guest: { label: 'Their own clocks', many: 'A guest without a clock that wakes it stays awake, and is named.' },
  host: { label: 'Their hosts', many: 'A guest whose host keeps no alarms stays awake, and is named.' },
  app: { label: 'Reveille', many: 'Leave it open, and this computer on.' },
};

/** Short, for a row; empty when there is nothing to say. */
export const agentWords: Record<GuestView['agent']['status'], string> = {
  unknown: '',
  absent: 'no agent',
  closed: 'agent not running',
  unreachable: 'agent unreachable',
  silent: 'agent silent',
  answering: '',
};

export const historyIcons: Record<HistoryEntry['kind'], IconName> = {
  state: 'dot',
  action: 'bolt',
  alarm: 'bell',
  clock: 'clock',
  error: 'crash',
};

/** "2 GiB", "1.5 GiB", "192 MiB" */
export function memoryWords(mebibytes: number): string {
  return mebibytes >= 1024 ? `${Math.round((mebibytes / 1024) * 10) / 10} GiB` : `${Math.round(mebibytes)} MiB`;
}

/** What runs the guest, where it is not simply a QEMU that somebody started; empty otherwise. */
export const managerWords: Record<GuestView['manager'], string> = { qemu: '', libvirt: 'libvirt' };

/** The line under a guest's name. */
export function guestSummary(guest: GuestView, host: HostView | undefined): string {
  const parts = [
    host?.simulated === true ? 'Simulated' : '',
    guest.memoryMiB === null ? '' : memoryWords(guest.memoryMiB),
    guest.vcpus === null ? '' : `${guest.vcpus} vCPU`,
    guest.state.name === 'running' && guest.state.asOf === undefined ? agentWords[guest.agent.status] : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** What a screen reader hears when a guest's state changes: "nas is sleeping, wakes tomorrow 07:00". One that runs was woken already. */
export function announcement(guest: GuestView, now: number): string {
  const state = `${guestName(guest.name)} is ${stateWords[guest.state.name].label.toLowerCase()}`;
  return guest.alarm === null || guest.state.name === 'running' ? state : `${state}, wakes ${dayAndTime(guest.alarm.due, now)}`;
}

/** When a changed definition takes effect for a guest in this state. */
export function effectWords(effect: MendingView['effect'], state: PowerStateName): string {
  if (effect === 'now') return 'It takes effect at once.';
  return state === 'running' || state === 'suspended' || state === 'paused'
    ? 'It takes effect at the next start; shut it down and start it for that.'
    : 'It takes effect at the next start.';
}

/** Whether the guest runs, as far as its host can be seen now. */
export const isSeenRunning = ({ state }: GuestView): boolean => state.name === 'running' && state.asOf === undefined;
