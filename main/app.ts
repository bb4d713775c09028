import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from './clock';
import { createHandlers } from './commands';
import type { Handlers } from './commands/handlers';
import { createDemo } from './demo-fleet';
import { createFleet, type Fleet, type FleetOptions } from './guests/fleet';
import type { Limits } from './guests/confirm';
import type { Notice } from './guests/notices';
import type { FoundGuest } from './hosts/discovery/found';
import { watchNetwork, type NetworkInterfaces } from './hosts/network-watch';
import type { SshHere } from './hosts/ssh/here';
import { createQuestions } from './hosts/ssh/questions';
import { createSecrets, type SecretStore } from './hosts/ssh/secrets';
import { thisComputer } from './hosts/this-computer';
import { createHostBook } from './host-book';
import { alarmsOfHost } from './host-power/host-power';
import { openHostPowers } from './host-power/open';
import { jobPrefixOf } from './installation';
import type { DaemonPlace } from './hypervisors/libvirt/model';
import { openPlanning } from './planning';
import { createQuitQuestion, type Dependents, type QuitAnswer } from './quit-question';
import { openProfile } from './profile';
import { createSettings, type Desktop, type SettingsBook } from './settings';
import { viewOf } from './view/guest-view';
import { hostPowerView } from './view/host-power-view';
import { hostViewOf, promptView, testView } from './view/host-view';
import { createPublisher } from './view/publisher';
import { createUpdates, type UpdateSource } from './updates';
import type { AppView, HostPowerView, NoticeView, Patch, Snapshot } from '../preload/contract/view';

/** What the application needs from the computer and the desktop around it. */
export interface Platform {
  readonly clock: Clock;
  /** The profile's folder; it exists. */
  readonly dataDir: string;
  readonly version: string;
  readonly platform: AppView['platform'];
  /** Lists this computer's QEMU processes. */
  readonly scan: () => Promise<readonly FoundGuest[]>;
  /** Where libvirt may listen on this computer. */
  readonly libvirtPlaces: readonly DaemonPlace[];
  readonly ssh: SshHere;
  readonly networkInterfaces: () => NetworkInterfaces;
  /** Where magic packets go: the UDP port, and the address that means everybody in this computer's network. */
  readonly wakeOnLan: { readonly port: number; readonly everywhere: string };
  readonly secrets: SecretStore;
  readonly desktop: Desktop;
  readonly updates: UpdateSource;
  /** Asks the user where to, and writes the file there. @returns null when the user cancelled @throws StorageError */
  readonly saveFile: (suggestedName: string, bytes: Uint8Array) => Promise<string | null>;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly limits?: Limits;
  readonly onPatch: (patch: Patch) => void;
  readonly onEvent: (event: AppEvent) => void;
}

/** What the user may want to be told of while no window is open. */
export interface AppEvent {
  /** `asks`: the user can still prevent it, or has to answer. */
  readonly kind: 'woken' | 'late' | 'failed' | 'asks';
  readonly guestId?: string;
  readonly hostId?: string;
  readonly title: string;
  readonly text: string;
}

export interface App {
  readonly handlers: Handlers;
  /** Resolves when the first complete view is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
  /** This computer is about to sleep: what is seen is known until now. */
  beforeSleep(): void;
  snapshot(): Snapshot;
  readonly settings: SettingsBook;
  /** What the desktop offers has changed. */
  desktopChanged(): void;
  /** The alarms that nobody but the app keeps, by due instant; the schedules, by their next one. */
  dependents(): Dependents;
  /** Asks in the window where anything depends on the app, and resolves with the answer. */
  askToQuit(): Promise<QuitAnswer>;
  /** Shows a notice in the window. @returns a function that takes it back */
  tell(notice: Notice): () => void;
}

/**
 * The whole application, free of Electron.
 * @throws StorageError when the profile cannot be read, or was written by a newer version
 */
export async function createApp(platform: Platform): Promise<App> {
  const { clock, dataDir: dir, limits } = platform;
  const notices = new Map<string, NoticeView>();
  let endNetworkWatch = () => {};

  const profile = await openProfile(dir, clock);
  const { guests, alarms, history, hosts } = profile;
  const demo = createDemo({
    clock,
    wiring: () => wiring,
    onStatus: () => publisher.touchApp(),
    onHost: (id) => publisher.touch('hosts', id),
    onClosed(guestIds) {
      planning
        .demoClosed()
        .catch((error: unknown) => notify({ severity: 'error', title: 'What was planned in the demo could not be removed', message: messageOf(error) }));
      for (const id of guestIds) publisher.touch('guests', id);
      for (const { id, guestId } of [...notices.values()]) if (guestId && guestIds.includes(guestId)) dismissNotice(id);
    },
    onFailure: (error) =>
      notify({ severity: 'error', title: 'The demo did not open', message: messageOf(error), remedy: 'Try again.' }),
  });
  const questions = createQuestions((id) => publisher.touch('prompts', id));
  const settings = createSettings(profile.settings, platform.desktop, () => publisher.touchApp());
  const updates = createUpdates({
    clock,
    source: platform.updates,
    choice: () => settings.value().updates,
    onChange: () => publisher.touchApp(),
  });
  const quit = createQuitQuestion(
    () => dependents(),
    (id) => publisher.touch('prompts', id),
  );

  const planning = await openPlanning({
    clock,
    dir,
    fleets: () => fleets(),
    touch(kind, id) {
      publisher.touch(kind, id);
      if (kind === 'schedules') quit.look();
    },
    onNotice: (notice) => notify(notice),
    onEvent: platform.onEvent,
  });

  const hostPowers = await openHostPowers({
    clock,
    dir,
    fleet: () => home,
    host: (id) => book.host(id),
    wakeOnLan: { ...platform.wakeOnLan, interfaces: platform.networkInterfaces },
    onNotice: (notice) => void notify(notice),
    onEvent: platform.onEvent,
    onHost: (id) => publisher.touch('hosts', id),
  });
  const powerOf = (id: string): HostPowerView | null => {
    const [sleeper, link] = [hostPowers.powers.of(id), book.host(id)?.link];
    if (!sleeper || !link) return null;
    const alarms = alarmsOfHost(home, id);
    return hostPowerView(sleeper, { now: clock.now(), interfaces: platform.networkInterfaces(), link: link.state, alarms });
  };

  const publisher = createPublisher(
    randomUUID(),
    {
      app: () => ({ version: platform.version, platform: platform.platform, demo: demo.status, settings: settings.view(), update: updates.view() }),
      hosts(id) {
        const fleet = fleets().find((one) => one.hosts().some((host) => host.id === id));
        return fleet && hostViewOf(id, fleet, book, powerOf(id));
      },
      guests(id) {
        for (const fleet of fleets()) {
          const guest = fleet.guest(id);
          if (guest) return viewOf(guest, fleet, book.awaySince(guest.hostId));
        }
        return undefined;
      },
      notices: (id) => notices.get(id),
      prompts: (id) => quit.view(id) ?? promptView(id, questions.get(id)),
      tests: (id) => testView(book.test(id)),
      ...planning.sources,
    },
    platform.onPatch,
  );

  /** @returns a function that takes it back */
  const notify = (notice: Notice) => {
    const id = randomUUID();
    notices.set(id, { id, at: clock.now(), ...notice });
    publisher.touch('notices', id);
    return () => dismissNotice(id);
  };

  const dismissNotice = (id: string) => {
    notices.delete(id);
    publisher.touch('notices', id);
  };

  const wiring: Pick<FleetOptions, 'clock' | 'jobPrefix' | 'onGuest' | 'onHost' | 'onNotice'> & { limits?: Limits } = {
    clock,
    jobPrefix: jobPrefixOf(profile.installation),
    ...(limits ? { limits } : {}),
    onGuest: (id) => {
      publisher.touch('guests', id);
      planning.changed(id);
      const hostId = home.guest(id)?.hostId;
      if (hostId !== undefined) publisher.touch('hosts', hostId);
      quit.look();
    },
    onHost: (id) => {
      publisher.touch('hosts', id);
      planning.changed(id);
    },
    onNotice: notify,
  };

  const home = createFleet({
    ...wiring,
    hosts: [thisComputer({ clock, logDir: join(dir, 'logs'), scan: platform.scan, libvirtPlaces: platform.libvirtPlaces })],
    documents: { guests, alarms, history },
    onEvent: platform.onEvent,
  });
  const secrets = createSecrets(platform.secrets, (error) =>
    notify({
      severity: 'warning',
      title: 'The keyring failed',
      message: messageOf(error),
      remedy: 'What you told is known for this run, and asked for again at the next start.',
    }),
  );
  const book = createHostBook({
    clock,
    random: platform.random,
    fleet: home,
    document: hosts,
    around: { clock, ...platform.ssh, questions, secrets, once: new Set() },
    power: hostPowers.powers,
    onTest: (id) => publisher.touch('tests', id),
    onHost: (id) => publisher.touch('hosts', id),
    onFault: (error) => notify({ severity: 'error', title: 'A host could not be kept or tested', message: messageOf(error) }),
  });

  /** The demo's guests end with the app in any case. */
  const dependents = (): Dependents => ({
    alarms: home.alarmsThatNeedTheApp(),
    schedules: planning.schedules
      .upcoming()
      .filter(({ schedule }) => planning.targets.resolve(schedule.draft.target).members.some(({ member }) => home.guest(member.id)))
      .map(({ schedule, name, next }) => ({ scheduleId: schedule.id, name, next })),
  });

  const fleets = (): Fleet[] => (demo.fleet ? [home, demo.fleet] : [home]);

  /** A file that had to be replaced when it was opened is told. */
  const tellProblems = (files: readonly { readonly problem?: { readonly message: string } }[]) => {
    for (const { problem } of files) {
      if (problem)
        notify({ severity: 'warning', title: 'A file of Reveille was damaged', message: problem.message });
    }
  };

  return {
    handlers: createHandlers({
      clock,
      home,
      book,
      hostPowers: hostPowers.powers,
      questions,
      settings,
      updates,
      quit,
      planning,
      fleets,
      snapshot: () => publisher.snapshot(),
      saveFile: platform.saveFile,
      dismissNotice,
      openDemo: demo.open,
      closeDemo: demo.close,
    }),
    async start() {
      tellProblems([guests, alarms, history, profile.settings, hosts, hostPowers.document, ...planning.documents]);
      endNetworkWatch = watchNetwork({ clock, interfaces: platform.networkInterfaces, onChange: () => home.reachAgain() });
      hostPowers.powers.start();
      book.start();
      for (const { id } of home.hosts()) publisher.touch('hosts', id);
      for (const { id } of home.guests()) publisher.touch('guests', id);
      planning.show();
      await home.start();
      planning.schedules.start();
      updates.start();
      if (settings.kept.startedBefore) return;
      if (home.guests().length === 0) await demo.open();
      try {
        await settings.note({ startedBefore: true });
      } catch (error) {
        notify({ severity: 'error', title: 'The settings could not be kept on disk', message: messageOf(error) });
      }
    },
    async stop() {
      endNetworkWatch();
      updates.stop();
      await planning.stop();
      hostPowers.powers.stop();
      await book.stop();
      await Promise.all([home.stop(), demo.stop()]);
    },
    beforeSleep() {
      for (const { history } of fleets()) history.mark();
    },
    recheck() {
      for (const fleet of fleets()) fleet.recheck();
      planning.schedules.recheck();
      hostPowers.powers.recheck();
    },
    snapshot: () => publisher.snapshot(),
    settings,
    desktopChanged: () => publisher.touchApp(),
    dependents,
    askToQuit: () => quit.ask(),
    tell: notify,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
