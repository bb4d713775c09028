import type { Patch, Snapshot } from '../preload/contract/view';

/**
 * Keeps the window's copy of the view in step with main. `waiting` holds the patches that came since a snapshot
 * was asked for, and is null while the copy is whole. Pure: bridge.ts asks when `ask` is true.
 */
export interface Sync {
  view: Snapshot | null;
  waiting: readonly Patch[] | null;
}

export interface Step {
  sync: Sync;
  /** A patch is missing, or main was started anew: ask for a snapshot. */
  ask: boolean;
}

/** Before the first snapshot, which is to be asked for. */
export const unsynced: Sync = { view: null, waiting: [] };

/** Beyond this many the oldest go; the gap is then seen and a newer snapshot asked for. */
const mostWaiting = 2000;

function merge<T>(
  current: Record<string, T>,
  changes: Record<string, T | null> | undefined,
): Record<string, T> {
  if (changes === undefined) return current;
  const merged = new Map(Object.entries(current));
  for (const [id, entity] of Object.entries(changes)) {
    if (entity === null) merged.delete(id);
    else merged.set(id, entity);
  }
  return Object.fromEntries(merged);
}

/** The view one revision later. Entities that the patch does not name keep their identity. */
export function applyPatch(view: Snapshot, patch: Patch): Snapshot {
  return {
    epoch: view.epoch,
    revision: patch.revision,
    app: patch.app ?? view.app,
    hosts: merge(view.hosts, patch.hosts),
    guests: merge(view.guests, patch.guests),
    notices: merge(view.notices, patch.notices),
    prompts: merge(view.prompts, patch.prompts),
    tests: merge(view.tests, patch.tests),
    schedules: merge(view.schedules, patch.schedules),
    groups: merge(view.groups, patch.groups),
    runs: merge(view.runs, patch.runs),
    graces: merge(view.graces, patch.graces),
  };
}

/**
 * A patch has come: applied, kept for later, dropped as old, or the sign that one was missed. That one is not kept:
 * main sent it before it is asked, so the snapshot has it.
 */
export function receivePatch(sync: Sync, patch: Patch): Step {
  if (sync.waiting !== null) {
    return { sync: { ...sync, waiting: [...sync.waiting.slice(-mostWaiting), patch] }, ask: false };
  }
  const { view } = sync;
  if (view === null || view.epoch !== patch.epoch) return { sync: { view, waiting: [] }, ask: true };
  if (patch.revision <= view.revision) return { sync, ask: false };
  if (patch.revision > view.revision + 1) return { sync: { view, waiting: [] }, ask: true };
  return { sync: { view: applyPatch(view, patch), waiting: null }, ask: false };
}

/** The snapshot that was asked for has come; the patches that came meanwhile follow it. */
export function receiveSnapshot(sync: Sync, snapshot: Snapshot): Step {
  if (sync.waiting === null) return { sync, ask: false };
  let step: Step = { sync: { view: snapshot, waiting: null }, ask: false };
  for (const patch of sync.waiting) {
    step = receivePatch(step.sync, patch);
    if (step.ask) break;
  }
  return step;
}
