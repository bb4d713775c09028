import { createHistory, type History } from '../../../main/history/history';
import { openHistoryLog } from '../../../main/history/open';
import { byUser } from '../../../main/power/actor';
import type { PowerStateName } from '../../../main/power/states';
import type { FakeClock } from '../../fakes/clock';
import type { MemoryFs } from '../../fakes/memory-fs';

export const seen = (name: PowerStateName) => ({ name, source: 'event', cause: 'guest' }) as const;
export const entry = (text: string) => ({ kind: 'action', text, actor: byUser, failed: false }) as const;

/** One run of the app's history. */
export async function open(fs: MemoryFs, clock: FakeClock, problems: unknown[] = []): Promise<History> {
  const log = await openHistoryLog({ dir: '/p', clock, fs });
  return createHistory({ clock, log, onProblem: (error) => error !== undefined && problems.push(error) });
}
