import { isDeepStrictEqual } from 'node:util';
import type { AppView, Patch, Snapshot } from '../../preload/contract/view';

type Kind = Exclude<keyof Snapshot, 'epoch' | 'revision' | 'app'>;
type Entity<K extends Kind> = Snapshot[K][string];
const none = { hosts: {}, guests: {}, notices: {}, prompts: {}, tests: {}, schedules: {}, groups: {}, runs: {}, graces: {} } as const satisfies Record<
  Kind,
  object
>;
const kinds = Object.keys(none) as Kind[];

/** Where the publisher reads what there is now; undefined for what is gone. */
export type Sources = { app(): AppView } & { readonly [K in Kind]: (id: string) => Entity<K> | undefined };

export interface Publisher {
  /** The entity may have changed: it is read again, and sent if it did. */
  touch(kind: Kind, id: string): void;
  touchApp(): void;
  snapshot(): Snapshot;
}

/**
 * Keeps the window's view: one snapshot, then a patch for each turn in which something changed.
 * What is touched many times in a turn is read once.
 */
export function createPublisher(epoch: string, sources: Sources, send: (patch: Patch) => void): Publisher {
  const view: Snapshot = { epoch, revision: 0, app: sources.app(), ...structuredClone(none) };
  const touched = Object.fromEntries(kinds.map((kind) => [kind, new Set<string>()])) as Record<Kind, Set<string>>;
  let appTouched = false;
  let scheduled = false;

  const changesOf = <K extends Kind>(kind: K): Record<string, Entity<K> | null> => {
    const known = view[kind] as Record<string, Entity<K>>;
    const changes: Record<string, Entity<K> | null> = {};
    for (const id of touched[kind]) {
      const now = sources[kind](id) as Entity<K> | undefined;
      if (now === undefined) {
        if (!Object.hasOwn(known, id)) continue;
        Reflect.deleteProperty(known, id);
        changes[id] = null;
      } else if (!Object.hasOwn(known, id) || !isDeepStrictEqual(known[id], now)) {
        known[id] = now;
        changes[id] = now;
      }
    }
    touched[kind].clear();
    return changes;
  };

  const flush = () => {
    scheduled = false;
    const patch: Patch = { epoch, revision: view.revision + 1 };
    for (const kind of kinds) {
      const changes = changesOf(kind);
      if (Object.keys(changes).length > 0) Object.assign(patch, { [kind]: changes });
    }
    if (appTouched) {
      appTouched = false;
      const app = sources.app();
      if (!isDeepStrictEqual(app, view.app)) patch.app = view.app = app;
    }
    if (!patch.app && kinds.every((kind) => patch[kind] === undefined)) return;
    view.revision = patch.revision;
    send(patch);
  };

  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      if (scheduled) flush();
    });
  };

  return {
    touch(kind, id) {
      touched[kind].add(id);
      schedule();
    },
    touchApp() {
      appTouched = true;
      schedule();
    },
    snapshot() {
      flush();
      return structuredClone(view);
    },
  };
}
