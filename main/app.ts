import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { openAlarmStore } from './alarms/store';
import type { Clock } from './clock';
import { createHandlers, type Handlers } from './commands';
import { startDemoHost } from './demo/demo-host';
import { createFleet, type Fleet, type FleetOptions } from './guests/fleet';
import { GUESTS_VERSION, firstSeen, parseRemembered, type Remembered } from './guests/remembered';
import { HISTORY_VERSION, parseHistories, type Histories } from './guests/history';
import type { Limits } from './guests/confirm';
import type { Notice } from './guests/notices';
import { collectLocalFile } from './hosts/collect-file';
import type { FoundGuest } from './hosts/discovery/found';
import { watchNetwork, type NetworkInterfaces } from './hosts/network-watch';
import { HOSTS_VERSION, parseSavedHosts, type SavedHost } from './hosts/saved-hosts';
import type { SshHere } from './hosts/ssh/here';
import { createQuestions } from './hosts/ssh/questions';
import { createSecrets, type SecretStore } from './hosts/ssh/secrets';
import { thisComputer } from './hosts/this-computer';
import { createHostBook } from './host-book';
import type { DaemonPlace } from './hypervisors/libvirt/model';
import type { Alarm } from './power/alarms';
import { openDocument, type Document } from './storage/document';
import { memoryDocument } from './storage/memory';
import { viewOf } from './view/guest-view';
import { hostViewOf, promptView, testView } from './view/host-view';
import { createPublisher } from './view/publisher';
import type { AppView, NoticeView, Patch, Snapshot } from '../preload/contract/view';

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
  readonly secrets: SecretStore;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly limits?: Limits;
  readonly onPatch: (patch: Patch) => void;
}

export interface App {
  readonly handlers: Handlers;
  /** Resolves when the first complete view is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** This computer woke up, or its clock was set. */
  recheck(): void;
  snapshot(): Snapshot;
}

const Settings = z.object({ startedBefore: z.boolean() });
type Settings = z.infer<typeof Settings>;
const SETTINGS_VERSION = 1;

/**
 * The whole application, free of Electron.
 * @throws StorageError when the profile cannot be read, or was written by a newer version
 */
export async function createApp(platform: Platform): Promise<App> {
  const { clock, dataDir: dir, limits } = platform;
  const notices = new Map<string, NoticeView>();
  let demo: Fleet | null = null;
  let demoStatus: AppView['demo'] = 'closed';
  let opening: Promise<void> = Promise.resolve();
  let stopped = false;
  let endNetworkWatch = () => {};

  const [guests, alarms, history, settings, hosts] = await Promise.all([
    openDocument<Remembered[]>({
      dir,
      name: 'guests',
      version: GUESTS_VERSION,
      parse: parseRemembered,
      empty: [],
      clock,
    }),
    openAlarmStore({ dir, clock }),
    openDocument<Histories>({
      dir,
      name: 'history',
      version: HISTORY_VERSION,
      parse: parseHistories,
      empty: {},
      clock,
    }),
    openDocument<Settings>({
      dir,
      name: 'settings',
      version: SETTINGS_VERSION,
      parse: (value) => Settings.parse(value),
      empty: { startedBefore: false },
      clock,
    }),
    openDocument<SavedHost[]>({
      dir,
      name: 'hosts',
      version: HOSTS_VERSION,
      parse: parseSavedHosts,
      empty: [],
      clock,
    }),
  ]);
  const questions = createQuestions((id) => publisher.touch('prompts', id));

  const publisher = createPublisher(
    randomUUID(),
    {
      app: () => ({ version: platform.version, platform: platform.platform, demo: demoStatus }),
      hosts(id) {
        const fleet = fleets().find((one) => one.hosts().some((host) => host.id === id));
        return fleet && hostViewOf(id, fleet, book);
      },
      guests(id) {
        for (const fleet of fleets()) {
          const guest = fleet.guest(id);
          if (guest) return viewOf(guest, fleet, book.awaySince(guest.hostId));
        }
        return undefined;
      },
      notices: (id) => notices.get(id),
      prompts: (id) => promptView(id, questions.get(id)),
      tests: (id) => testView(book.test(id)),
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

  const wiring: Pick<FleetOptions, 'clock' | 'onGuest' | 'onHost' | 'onNotice'> & { limits?: Limits } = {
    clock,
    ...(limits ? { limits } : {}),
    onGuest: (id) => publisher.touch('guests', id),
    onHost: (id) => publisher.touch('hosts', id),
    onNotice: notify,
  };

  const home = createFleet({
    ...wiring,
    hosts: [thisComputer({ clock, logDir: join(dir, 'logs'), scan: platform.scan, libvirtPlaces: platform.libvirtPlaces })],
    documents: { guests, alarms, history },
  });
  const fleets = (): Fleet[] => (demo ? [home, demo] : [home]);

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
    onTest: (id) => publisher.touch('tests', id),
    onHost: (id) => publisher.touch('hosts', id),
    onFault: (error) => notify({ severity: 'error', title: 'A host could not be kept or tested', message: messageOf(error) }),
  });

  const setDemo = (status: AppView['demo']) => {
    demoStatus = status;
    publisher.touchApp();
  };

  const openDemo = (): Promise<void> => {
    if (demoStatus === 'closed' && !stopped) opening = beginDemo();
    return opening;
  };

  const beginDemo = async () => {
    setDemo('opening');
    try {
      const host = await startDemoHost({ clock, collectFile: collectLocalFile });
      const off = host
        .switchedOff()
        .map(({ hibernated, bootId, ...found }) => remembersDemo(host.id, found, hibernated, bootId, clock));
      demo = createFleet({
        ...wiring,
        hosts: [host],
        documents: {
          guests: memoryDocument<Remembered[]>(off),
          alarms: memoryDocument<readonly Alarm[]>([]),
          history: memoryDocument<Histories>({}),
        },
      });
      const fleet = demo;
      publisher.touch('hosts', host.id);
      await fleet.start();
      setDemo('open');
    } catch (error) {
      await demo?.stop();
      demo = null;
      publisher.touch('hosts', 'demo');
      setDemo('closed');
      const message = error instanceof Error ? error.message : String(error);
      notify({ severity: 'error', title: 'The demo did not open', message, remedy: 'Try again.' });
    }
  };

  const closeDemo = async () => {
    const fleet = demo;
    if (!fleet || demoStatus !== 'open') return;
    const ids = fleet.guests().map(({ id }) => id);
    demo = null;
    setDemo('closed');
    publisher.touch('hosts', 'demo');
    for (const id of ids) publisher.touch('guests', id);
    for (const notice of [...notices.values()]) {
      if (notice.guestId && ids.includes(notice.guestId)) dismissNotice(notice.id);
    }
    await fleet.stop();
  };

  /** A file that had to be replaced when it was opened is told. */
  const tellProblems = (documents: readonly Document<unknown>[]) => {
    for (const { problem } of documents) {
      if (problem)
        notify({ severity: 'warning', title: 'A file of Reveille was damaged', message: problem.message });
    }
  };

  return {
    handlers: createHandlers({
      clock,
      home,
      book,
      questions,
      fleets,
      snapshot: () => publisher.snapshot(),
      dismissNotice,
      openDemo,
      closeDemo,
    }),
    async start() {
      tellProblems([guests, alarms, history, settings, hosts]);
      endNetworkWatch = watchNetwork({ clock, interfaces: platform.networkInterfaces, onChange: () => home.reachAgain() });
      book.start();
      for (const { id } of home.hosts()) publisher.touch('hosts', id);
      for (const { id } of home.guests()) publisher.touch('guests', id);
      await home.start();
      if (settings.value.startedBefore) return;
      if (home.guests().length === 0) await openDemo();
      try {
        await settings.save({ startedBefore: true });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        notify({ severity: 'error', title: 'The settings could not be kept on disk', message });
      }
    },
    async stop() {
      stopped = true;
      endNetworkWatch();
      await opening;
      await book.stop();
      await Promise.all(fleets().map((fleet) => fleet.stop()));
    },
    recheck: () => fleets().forEach((fleet) => fleet.recheck()),
    snapshot: () => publisher.snapshot(),
  };
}

/** A guest of the demo that is off when it opens, as the app would remember a real one. */
function remembersDemo(
  hostId: string,
  found: Omit<FoundGuest, 'pid' | 'startedAt'>,
  hibernated: boolean,
  bootId: string | null,
  clock: Clock,
): Remembered {
  const last: Remembered['last'] = hibernated
    ? {
        name: 'hibernated',
        since: clock.now(),
        source: 'inference',
        cause: 'unknown',
        detail: 'Starting it resumes it.',
      }
    : { name: 'off', since: null, source: 'inference', cause: 'unknown' };
  return { ...firstSeen(hostId, { ...found, pid: 0, startedAt: null }), last, bootId };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
