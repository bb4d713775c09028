import type { Api } from '../preload/contract/api';
import type { CommandArgs, CommandName, CommandResult, Refusal } from '../preload/contract/commands';
import type { Patch, Snapshot } from '../preload/contract/view';
import type { Step, Sync } from './sync';
import { receivePatch, receiveSnapshot, unsynced } from './sync';

/** The only user of window.api. */
declare global {
  interface Window {
    readonly api: Api;
  }
}

type Calls = { readonly [N in CommandName]: (args: CommandArgs<N>) => Promise<CommandResult<N>> };
export type Refused = { ok: false; refusal: Refusal };

/** Calls main. A call that fails on the way ends as a refusal too, so that callers have one case to handle. */
export async function call<N extends CommandName>(
  name: N,
  args: CommandArgs<N>,
): Promise<CommandResult<N> | Refused> {
  const calls: Calls = window.api;
  try {
    return await calls[name](args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      refusal: {
        code: 'bridge',
        message: `The window could not reach the rest of the app (${name}: ${why}).`,
        remedy: 'Try again. If it happens again, quit Reveille and open it anew; alarms are kept.',
      },
    };
  }
}

export interface SyncPort {
  onPatch(listener: (patch: Patch) => void): () => void;
  /** Null when main refused or could not be reached. */
  getSnapshot(): Promise<Snapshot | null>;
  /** Runs `task` after `ms` milliseconds. */
  later(ms: number, task: () => void): void;
}

const firstDelay = 100;
const longestDelay = 5000;

/**
 * Follows main's view: subscribes, asks for a snapshot, applies patches, and asks again after a gap or a new epoch.
 * While main does not answer, asks are spaced from 100 ms to 5 s, and `lost` is called once after the second failure.
 */
export function followView(port: SyncPort, show: (view: Snapshot) => void, lost: () => void): () => void {
  let sync: Sync = unsynced;
  let stopped = false;
  let failures = 0;
  let rounds = 0;

  const take = (step: Step): void => {
    const changed = step.sync.view !== sync.view;
    sync = step.sync;
    if (changed && sync.view !== null && sync.waiting === null) show(sync.view);
    if (step.ask) ask();
    else if (sync.waiting === null) rounds = 0;
  };
  const askLater = (ms: number): void => port.later(ms, () => void (stopped ? undefined : request()));
  /** The first ask of a round goes at once; a round that ends in another gap is slowed down. */
  const ask = (): void => {
    rounds += 1;
    if (rounds === 1) request();
    else askLater(Math.min(longestDelay, firstDelay * 2 ** (rounds - 2)));
  };
  const request = (): void => {
    void port.getSnapshot().then((snapshot) => {
      if (stopped) return;
      if (snapshot !== null) {
        failures = 0;
        take(receiveSnapshot(sync, snapshot));
        return;
      }
      failures += 1;
      if (failures === 2) lost();
      askLater(Math.min(longestDelay, firstDelay * 2 ** failures));
    });
  };

  const unsubscribe = port.onPatch((patch) => take(receivePatch(sync, patch)));
  ask();
  return () => {
    stopped = true;
    unsubscribe();
  };
}

/** Calls `show` with each guest that main wants shown. */
export const followReveals = (show: (guestId: string) => void): (() => void) => window.api.onReveal(show);

/** The port of this window. */
export const windowPort: SyncPort = {
  onPatch: (listener) => window.api.onPatch(listener),
  getSnapshot: async () => {
    const result = await call('getSnapshot', {});
    return result.ok ? result.value : null;
  },
  later: (ms, task) => void setTimeout(task, ms),
};
