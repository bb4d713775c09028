import type { z } from 'zod';
import type { Clock } from '../clock';
import type { Fleet } from '../guests/fleet';
import type { HostBook } from '../host-book';
import type { Updates } from '../updates';
import type { HostPowers } from '../host-power/host-power';
import type { Questions } from '../hosts/ssh/questions';
import type { Planning } from '../planning';
import type { QuitQuestion } from '../quit-question';
import type { SettingsBook } from '../settings';
import type { CommandName, CommandValue, commands } from '../../preload/contract/commands';
import type { Snapshot } from '../../preload/contract/view';

export type Handlers = {
  readonly [N in CommandName]: (args: z.output<(typeof commands)[N]['args']>) => Promise<CommandValue<N>>;
};

/** What the commands act on. */
export interface Stage {
  readonly clock: Clock;
  snapshot(): Snapshot;
  /** The fleets that are open: the real one, and the demo's. */
  fleets(): readonly Fleet[];
  /** Where guests that are added by hand belong. */
  readonly home: Fleet;
  readonly book: HostBook;
  readonly hostPowers: HostPowers;
  readonly updates: Updates;
  readonly questions: Questions;
  readonly settings: SettingsBook;
  readonly quit: QuitQuestion;
  readonly planning: Planning;
  /** Asks where to, and writes the file there. @returns null when the user cancelled @throws StorageError */
  saveFile(suggestedName: string, bytes: Uint8Array): Promise<string | null>;
  dismissNotice(id: string): void;
  openDemo(): Promise<void>;
  closeDemo(): Promise<void>;
}
