import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../clock';
import { actorOf } from '../power/actor';
import { openDocument, type DocumentProblem } from '../storage/document';
import type { FileSystem } from '../storage/file-system';
import type { EntryRecord } from './records';

const Entries = z.array(
  z.object({
    at: z.number(),
    kind: z.enum(['state', 'action', 'alarm', 'clock', 'error']),
    text: z.string(),
    cause: z.enum(['user', 'timer', 'guest', 'host', 'unknown']),
    failed: z.boolean(),
  }),
);
const Histories = z.record(z.string(), Entries);

export interface FormerHistory {
  /** Oldest first. */
  readonly entries: readonly EntryRecord[];
  readonly problem?: DocumentProblem;
  /** Puts the file out of the way, and keeps it. @throws the failed operation's error */
  done(): Promise<void>;
}

/**
 * Reads history.json, where the history was before it had files of its own: entries with a cause instead of an actor.
 * @throws StorageError as openDocument does
 */
export async function openFormerHistory(options: {
  readonly dir: string;
  readonly fs: FileSystem;
  readonly clock: Pick<Clock, 'now'>;
}): Promise<FormerHistory> {
  const { dir, fs } = options;
  const document = await openDocument({
    ...options,
    name: 'history',
    version: 1,
    parse: (value) => Histories.parse(value),
    empty: {},
  });
  const entries = Object.entries(document.value)
    .flatMap(([id, list]) =>
      list.map(({ at, cause, ...entry }): EntryRecord => ({ id, ...entry, at: Math.round(at), actor: actorOf(cause) })),
    )
    .sort((a, b) => a.at - b.at);
  const path = join(dir, 'history.json');
  return {
    entries,
    ...(document.problem ? { problem: document.problem } : {}),
    async done() {
      if (!(await fs.exists(path))) return;
      // First the backup: without its document it would be taken for what is left of it.
      await fs.remove(`${path}.bak`);
      await fs.rename(path, join(dir, 'history-version-1.json'));
      await fs.syncDirectory(dir);
    },
  };
}
