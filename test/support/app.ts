import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createApp, type App, type AppEvent, type Platform } from '../../main/app';
import { systemClock, type Clock } from '../../main/clock';
import type { DaemonPlace } from '../../main/hypervisors/libvirt/model';
import type { Limits } from '../../main/guests/confirm';
import type { FoundGuest } from '../../main/hosts/discovery/found';
import { createScanDeps, scanThisComputer } from '../../main/hosts/discovery/local';
import { runCommand } from '../../main/hosts/discovery/run-command';
import { sshOnThisComputer } from '../../main/hosts/ssh/here';
import type { SecretStore } from '../../main/hosts/ssh/secrets';
import { createDispatch } from '../../main/ipc/dispatch';
import type { CommandArgs, CommandName, CommandResult, CommandValue } from '../../preload/contract/commands';
import type { GuestView, HostView, Patch, Snapshot } from '../../preload/contract/view';
import { fakeDesktop } from '../fakes/desktop';
import { fakeUpdateSource } from '../fakes/update-source';
import { noKeyring } from '../fakes/secret-store';

export interface TestAppOptions {
  dataDir?: string;
  /** Which of this computer's guests the app finds; none by default. */
  finds?: (guest: FoundGuest) => boolean;
  clock?: Clock;
  /** What ssh would find: nothing by default. */
  ssh?: Partial<Platform['ssh']>;
  secrets?: SecretStore;
  /** Where the app looks for libvirt: nowhere by default. */
  libvirtPlaces?: readonly DaemonPlace[];
  networkInterfaces?: Platform['networkInterfaces'];
  /** Where magic packets go; nothing leaves this computer unless it says so. */
  wakeOnLan?: Platform['wakeOnLan'];
  /** The demo opens by itself where nothing real runs, at the first start. */
  startedBefore?: boolean;
  limits?: Limits;
  /** Told of each patch that the window would get. */
  onPatch?: (patch: Patch) => void;
  desktop?: Platform['desktop'];
  /** Where the user lets files be saved: nowhere by default, as if every dialog were cancelled. */
  saveFile?: Platform['saveFile'];
  /** Told of what the user may want to be told of. */
  onEvent?: (event: AppEvent) => void;
}

type LinkView = HostView['link'];

/** The whole application without Electron, called as the bridge calls it. */
export interface TestApp {
  readonly app: App;
  readonly dataDir: string;
  readonly view: Snapshot;
  /** @throws Error when the call is refused */
  call<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandValue<N>>;
  tryCall<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>>;
  /** The guest of that name. @throws Error when there is none */
  guest(name: string): GuestView;
  /** Resolves with what `look` returns as soon as it is neither undefined nor false. @throws Error after `ms` */
  until<T>(what: string, look: (view: Snapshot) => T | undefined | false, ms?: number): Promise<T>;
  /** Until the guest of that name fulfils `is`. */
  untilGuest(name: string, is: (guest: GuestView) => boolean, ms?: number): Promise<GuestView>;
  /** Until the guest is in `state` with nothing under way. */
  untilState(name: string, state: GuestView['state']['name'], ms?: number): Promise<GuestView>;
  /** Until the host's link is of that kind. */
  untilLink<K extends LinkView['kind']>(hostId: string, kind: K, ms?: number): Promise<Extract<LinkView, { kind: K }>>;
  /** Stops the app and removes its profile unless the caller gave it. */
  stop(): Promise<void>;
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(os.tmpdir(), 'reveille-test-')));
  if (options.startedBefore === true) {
    const settings = { document: 'settings', version: 1, value: { startedBefore: true } };
    await writeFile(path.join(dataDir, 'settings.json'), JSON.stringify(settings));
  }
  const deps = createScanDeps(systemClock, runCommand);
  const finds = options.finds ?? (() => false);
  const waiting = new Set<() => void>();
  const platform: Platform = {
    clock: options.clock ?? systemClock,
    dataDir,
    version: '0.0.0',
    platform: 'linux',
    ssh: { ...sshOnThisComputer({}), places: { user: null, system: null, home: dataDir }, ...options.ssh },
    secrets: options.secrets ?? noKeyring,
    desktop: options.desktop ?? fakeDesktop(),
    updates: fakeUpdateSource({ missing: 'Not published.' }),
    saveFile: options.saveFile ?? (() => Promise.resolve(null)),
    networkInterfaces: options.networkInterfaces ?? (() => ({})),
    wakeOnLan: options.wakeOnLan ?? { port: 9, everywhere: '127.0.0.1' },
    random: Math.random,
    libvirtPlaces: options.libvirtPlaces ?? [],
    scan: async () => (await scanThisComputer(process.platform, deps)).filter(finds),
    ...(options.limits ? { limits: options.limits } : {}),
    onEvent: (event) => options.onEvent?.(event),
    onPatch: (patch) => {
      options.onPatch?.(patch);
      for (const wake of [...waiting]) wake();
    },
  };
  const app = await createApp(platform);
  const faults: unknown[] = [];
  const dispatch = createDispatch(app.handlers, (error) => faults.push(error));
  const started = app.start();

  const tryCall = async <N extends CommandName>(name: N, args: CommandArgs<N>) =>
    (await dispatch(name, args)) as CommandResult<N>;

  const until: TestApp['until'] = (what, look, ms = 30_000) =>
    new Promise((resolve, reject) => {
      const check = () => {
        const value = look(app.snapshot());
        if (value === undefined || value === false) return;
        finish();
        resolve(value);
      };
      const finish = () => {
        clearTimeout(timer);
        waiting.delete(check);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`Not within ${ms} ms: ${what}\n${JSON.stringify(app.snapshot(), null, 1)}`));
      }, ms);
      waiting.add(check);
      check();
    });

  const find = (view: Snapshot, name: string) => Object.values(view.guests).find((guest) => guest.name === name);
  const untilGuest: TestApp['untilGuest'] = (name, is, ms) =>
    until(
      `${name}: ${is.toString()}`,
      (view) => {
        const guest = find(view, name);
        return guest && is(guest) ? guest : undefined;
      },
      ms,
    );

  await started;
  return {
    app,
    dataDir,
    get view() {
      return app.snapshot();
    },
    async call(name, args) {
      const result = await tryCall(name, args);
      if (result.ok) return result.value;
      throw new Error(`${name} was refused (${result.refusal.code}): ${result.refusal.message} ${result.refusal.remedy ?? ''}`);
    },
    tryCall,
    guest(name) {
      const guest = find(app.snapshot(), name);
      if (!guest) throw new Error(`No guest ${name}`);
      return guest;
    },
    until,
    untilGuest,
    untilLink: <K extends LinkView['kind']>(hostId: string, kind: K, ms?: number) =>
      until(
        `the link of ${hostId} is ${kind}`,
        ({ hosts }) => {
          const link = hosts[hostId]?.link;
          return link?.kind === kind && (link as Extract<LinkView, { kind: K }>);
        },
        ms,
      ),
    untilState: (name, state, ms) => untilGuest(name, (guest) => guest.state.name === state && guest.pending === null, ms),
    async stop() {
      await app.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
      if (faults.length > 0) throw new AggregateError(faults, 'Commands met faults');
    },
  };
}
