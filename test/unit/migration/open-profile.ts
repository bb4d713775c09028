import { cp, mkdtemp, readFile, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openSecretStore } from '../../../main/desktop/secrets';
import type { HostPowersOptions } from '../../../main/host-power/host-power';
import { openHostPowers } from '../../../main/host-power/open';
import { openPlanning } from '../../../main/planning';
import { openProfile } from '../../../main/profile';
import { fakeClock } from '../../fakes/clock';

export const PROFILES = path.resolve(__dirname, '../../fixtures/profiles');

/** In the order in which they were written. */
export async function profileNames(): Promise<string[]> {
  const names = await readdir(PROFILES, { withFileTypes: true });
  return names.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
}

/** A copy of it, to be opened. */
export async function copyOf(name: string): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'reveille-profile-'));
  await cp(path.join(PROFILES, name), dir, { recursive: true });
  return dir;
}

/** Opens every file of a profile, as the app does. @throws StorageError */
export async function openAll(dir: string) {
  const clock = fakeClock(Date.UTC(2027, 0, 1));
  const profile = await openProfile(dir, clock);
  const planning = await openPlanning({ clock, dir, fleets: () => [], touch: () => {}, onNotice: () => () => {}, onEvent: () => {} });
  // Nothing of the rest is asked for until it is started.
  const rest = { clock } as unknown as Omit<HostPowersOptions, 'document'>;
  const hostPower = await openHostPowers({ dir, ...rest });
  const secrets = await openSecretStore(dir);
  const [groups, schedules] = planning.documents;
  const { guests, alarms, settings, hosts, history, installation } = profile;
  return {
    documents: { guests, alarms, settings, hosts, groups: groups!, schedules: schedules!, 'host-power': hostPower.document },
    history,
    installation,
    secrets,
    /** Saves every file anew, with what it holds. */
    async saveAll() {
      await Promise.all([
        guests.save(guests.value),
        alarms.save(alarms.value),
        settings.save(settings.value),
        hosts.save(hosts.value),
        groups!.save(groups!.value),
        schedules!.save(schedules!.value),
        hostPower.document.save(hostPower.document.value),
        secrets.write('another', 'secret'),
      ]);
      await secrets.forget('another');
      await history.flush();
    },
    close: () => history.close(),
  };
}

/** Each file's path in the folder, with its content as text. */
export async function filesOf(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async ({ name }): Promise<[string, string][]> => {
      const file = path.join(dir, name);
      if (name === 'history') return Object.entries(await filesOf(file)).map(([inner, text]) => [`history/${inner}`, text]);
      return [[name, await readFile(file, 'utf8')]];
    }),
  );
  return Object.fromEntries(found.flat().sort());
}

export interface Stored {
  readonly document?: string;
  readonly log?: string;
  readonly version: number;
  readonly value: unknown;
}

/** The header of a file, or the whole document. */
export const read = (text: string): Stored => JSON.parse(text.startsWith('{"log"') ? (text.split('\n')[0] ?? '') : text) as Stored;
export const kindOf = ({ document, log }: Stored): string => document ?? log ?? '';
