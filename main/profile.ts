import { openAlarmStore, type AlarmStore } from './alarms/store';
import type { Clock } from './clock';
import { GUESTS_VERSION, parseRemembered, type Remembered } from './guests/remembered';
import { openHistoryLog } from './history/open';
import type { HistoryRecord } from './history/records';
import { HOSTS_VERSION, parseSavedHosts, type SavedHost } from './hosts/saved-hosts';
import { openInstallation } from './installation';
import { migrateSettings, newSettings, parseSettings, SETTINGS_VERSION, type KeptSettings } from './settings';
import { openDocument, type Document } from './storage/document';
import type { Log } from './storage/log';

/** What is kept of the app between its runs, beside what planning and host-power keep. */
export interface Profile {
  readonly guests: Document<Remembered[]>;
  readonly alarms: AlarmStore;
  readonly history: Log<HistoryRecord>;
  readonly settings: Document<KeptSettings>;
  /** What this profile calls itself on hosts. */
  readonly installation: string;
  readonly hosts: Document<SavedHost[]>;
}

/**
 * Opens every file. When one cannot be, nothing is written any more once this has rejected.
 * @throws StorageError as openDocument does
 */
export async function openProfile(dir: string, clock: Clock): Promise<Profile> {
  const [guests, alarms, history, settings, installation, hosts] = [
    openDocument<Remembered[]>({ dir, name: 'guests', version: GUESTS_VERSION, parse: parseRemembered, empty: [], clock }),
    openAlarmStore({ dir, clock }),
    openHistoryLog({ dir, clock }),
    openDocument<KeptSettings>({
      dir,
      name: 'settings',
      version: SETTINGS_VERSION,
      parse: parseSettings,
      migrate: migrateSettings,
      empty: newSettings,
      clock,
    }),
    openInstallation({ dir, clock }),
    openDocument<SavedHost[]>({ dir, name: 'hosts', version: HOSTS_VERSION, parse: parseSavedHosts, empty: [], clock }),
  ] as const;
  await Promise.allSettled([guests, alarms, history, settings, installation, hosts]);
  return {
    guests: await guests,
    alarms: await alarms,
    history: await history,
    settings: await settings,
    installation: await installation,
    hosts: await hosts,
  };
}
