import type { CommandArgs, CommandName, CommandResult } from './commands';
import type { Patch } from './view';

/** Names only, so that the sandboxed preload carries no schema library. The type keeps it complete. */
const named: Record<CommandName, true> = {
  getSnapshot: true,
  setPowerState: true,
  refreshGuest: true,
  readWhen: true,
  moveAlarm: true,
  cancelAlarm: true,
  guestFacts: true,
  guestStats: true,
  readUse: true,
  guestScreen: true,
  guestHistory: true,
  readMending: true,
  applyMending: true,
  addGuest: true,
  removeGuest: true,
  dismissNotice: true,
  listSshHosts: true,
  testHost: true,
  endTest: true,
  addHost: true,
  editHost: true,
  setHostEnabled: true,
  removeHost: true,
  connectHost: true,
  answerHostKey: true,
  answerSecret: true,
  offerHolders: true,
  setPowerStates: true,
  cancelRun: true,
  dismissRun: true,
  saveGroup: true,
  removeGroup: true,
  readSchedule: true,
  saveSchedule: true,
  removeSchedule: true,
  pauseSchedule: true,
  skipNext: true,
  answerMissed: true,
  endGrace: true,
  sleepHost: true,
  wakeHost: true,
  changeSettings: true,
  lookForUpdate: true,
  installUpdate: true,
  readTimeline: true,
  exportHistory: true,
  answerQuit: true,
  openDemo: true,
  closeDemo: true,
};
export const commandNames = Object.keys(named) as CommandName[];

export const channels = { call: 'reveille:call', patch: 'reveille:patch', reveal: 'reveille:reveal' } as const;

/** What the renderer sees as window.api. */
export type Api = {
  [N in CommandName]: (args: CommandArgs<N>) => Promise<CommandResult<N>>;
} & {
  /** Calls `listener` with every patch from now on; returns a function that stops it. */
  onPatch(listener: (patch: Patch) => void): () => void;
  /** Calls `listener` with the id of each guest that is to be shown: its notification was clicked. Returns a function that stops it. */
  onReveal(listener: (guestId: string) => void): () => void;
};
