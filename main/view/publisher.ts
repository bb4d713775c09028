import { isDeepStrictEqual } from 'node:util';
import type { AppView, GuestView, HostTestView, HostView, NoticeView, Patch, PromptView, Snapshot } from '../../preload/contract/view';

interface Entities {
  hosts: HostView;
  guests: GuestView;
  notices: NoticeView;
  prompts: PromptView;
  tests: HostTestView;
}
type Kind = keyof Entities;
const kinds: readonly Kind[] = ['hosts', 'guests', 'notices', 'prompts', 'tests'];

/** Where the publisher reads what there is now; undefined for what is gone. */
export interface Sources {
  app(): AppView;
  hosts(id: string): HostView | undefined;
  guests(id: string): GuestView | undefined;
  notices(id: string): NoticeView | undefined;
  prompts(id: string): PromptView | undefined;
  tests(id: string): HostTestView | undefined;
}

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
  const view: Snapshot = { epoch, revision: 0, app: sources.app(), hosts: {}, guests: {}, notices: {}, prompts: {}, tests: {} };
  const touched: Record<Kind, Set<string>> = { hosts: new Set(), guests: new Set(), notices: new Set(), prompts: new Set(), tests: new Set() };
  let appTouched = false;
  let scheduled = false;

  const changesOf = <K extends Kind>(kind: K): Record<string, Entities[K] | null> => {
    const known = view[kind] as Record<string, Entities[K]>;
    const changes: Record<string, Entities[K] | null> = {};
    for (const id of touched[kind]) {
      const now = sources[kind](id) as Entities[K] | undefined;
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
