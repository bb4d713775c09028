import { join } from 'node:path';
import type { Clock } from '../clock';
import { openLog } from '../storage/open-log';
import { nodeFileSystem, type FileSystem } from '../storage/file-system';
import type { Line, Log } from '../storage/log';
import { messageOf } from '../storage/format';
import { openFormerHistory, type FormerHistory } from './former';
import { parseRecord, type EntryRecord, type HistoryRecord } from './records';

/** The first was history.json. */
const HISTORY_VERSION = 2;

export interface HistoryLogOptions {
  /** The profile's folder. The history is in its folder `history`. */
  readonly dir: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly fs?: FileSystem;
}

/**
 * Opens the history. That of an earlier version is taken over once, and its file kept as history-version-1.json.
 * @throws StorageError as openLog and openDocument do
 */
export async function openHistoryLog({ dir, clock, fs = nodeFileSystem() }: HistoryLogOptions): Promise<Log<HistoryRecord>> {
  const former = await openFormerHistory({ dir, clock, fs });
  const log = await openLog<HistoryRecord>({
    dir: join(dir, 'history'),
    name: 'history',
    version: HISTORY_VERSION,
    parse: parseRecord,
    fs,
    clock,
  });
  const there = new Set(log.loaded.map(({ value }) => ('kind' in value ? sameness(value) : '')));
  const added = former.entries.filter((entry) => !there.has(sameness(entry))).map((entry): Line<HistoryRecord> => log.add(entry));
  const messages = [former.problem?.message, log.problem?.message, await putAway(former, log)].filter(
    (message) => message !== undefined,
  );
  return {
    ...log,
    loaded: [...log.loaded, ...added],
    ...(messages.length > 0 ? { problem: { message: messages.join(' ') } } : {}),
  };
}

/** @returns why the earlier version's file is still where it was; the next start takes it over again */
async function putAway(former: FormerHistory, log: Log<HistoryRecord>): Promise<string | undefined> {
  try {
    await log.flush();
    await former.done();
    return undefined;
  } catch (error) {
    return `The history of an earlier version is not put away yet. ${messageOf(error)}`;
  }
}

/** A migration that was cut short begins anew: what it had taken over is not taken over again. */
const sameness = ({ id, at, kind, text }: EntryRecord): string => JSON.stringify([id, at, kind, text]);
