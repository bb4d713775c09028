import type { Target } from '../../../preload/contract/schedules';
import type { ActionName, Fix } from '../../../preload/contract/vocabulary';
import type {
  AlarmCommandName,
  AppCommandName,
  CommandWords,
  EntryCommandName,
  GraceCommandName,
  GroupCommandName,
  HostCommandName,
  ScheduleCommandName,
  SelectionCommandName,
} from '../../commands';
import type { Shortcut } from '../../shortcuts';
import type { PageName } from '../../store';
import type { IconName } from '../../ui/icon';

export type PaletteRun =
  | { kind: 'action'; guestId: string; action: ActionName }
  | { kind: 'fix'; guestId: string; fix: Fix }
  | { kind: 'alarm'; guestId: string; command: AlarmCommandName }
  | { kind: 'entry'; guestId: string; command: EntryCommandName }
  | { kind: 'host'; hostId: string; command: HostCommandName }
  | { kind: 'schedule'; scheduleId: string; command: ScheduleCommandName }
  | { kind: 'page'; page: PageName }
  | { kind: 'many'; target: Target; action: ActionName }
  | { kind: 'selection'; command: SelectionCommandName }
  | { kind: 'group'; groupId: string; command: GroupCommandName }
  | { kind: 'grace'; graceId: string; command: GraceCommandName }
  | { kind: 'app'; command: AppCommandName };

export interface PaletteEntry {
  id: string;
  label: string;
  /** The guest or the host it is about; empty for the app's own commands. */
  about: string;
  icon: IconName;
  shortcut: Shortcut | undefined;
  run: PaletteRun;
}

/** One entry; what it runs tells it from all others. */
export function entryOf(words: CommandWords, about: string, run: PaletteRun): PaletteEntry {
  const id = JSON.stringify(run);
  return { id, label: words.longLabel ?? words.label, about, icon: words.icon, shortcut: words.shortcut, run };
}
