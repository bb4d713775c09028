import { randomUUID } from 'node:crypto';
import type { Clock } from './clock';
import type { Fleet } from './guests/fleet';
import type { HostPowers } from './host-power/host-power';
import { createQueue } from './guests/queue';
import type { SavedHost } from './hosts/saved-hosts';
import { secretNames } from './hosts/ssh/ask-secret';
import { settingsFor, type SshSurroundings } from './hosts/ssh/connect';
import { testConnection, type TestStep } from './hosts/ssh/connection-test';
import { createSshHost, type SshHost } from './hosts/ssh/ssh-host';
import { RefusedError } from './power/actions';
import { listAliases } from './protocols/ssh/config';
import { loadConfig } from './protocols/ssh/config-file';
import { SshError } from './protocols/ssh/errors';
import { parseTarget } from './protocols/ssh/target';
import type { Document } from './storage/document';
import { StorageError } from './storage/errors';

export interface ConnectionTest {
  readonly id: string;
  readonly address: string;
  readonly steps: readonly TestStep[];
  readonly done: boolean;
}

/** The hosts that the user added: kept on disk, connected to, tested. */
export interface HostBook {
  /** Begins to connect to the enabled hosts; does not wait for any of them. */
  start(): void;
  stop(): Promise<void>;
  saved(hostId: string): SavedHost | undefined;
  host(hostId: string): SshHost | undefined;
  /** When the host was last connected, in ms since the epoch; null while it is, and for hosts that are always there. */
  awaySince(hostId: string): number | null;
  test(id: string): ConnectionTest | undefined;
  aliases(): Promise<{ alias: string; address: string }[]>;
  beginTest(address: string): string;
  endTest(id: string): void;
  /** Each resolves when it is on disk and done. @throws RefusedError */
  add(address: string, name: string): Promise<string>;
  edit(hostId: string, address: string, name: string): Promise<void>;
  setEnabled(hostId: string, enabled: boolean): Promise<void>;
  /** Forgets the host with its guests, and what was told for it. @throws AlarmRefusedError too */
  remove(hostId: string): Promise<void>;
  connect(hostId: string): void;
}

export interface HostBookOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly fleet: Fleet;
  readonly document: Document<SavedHost[]>;
  readonly around: SshSurroundings;
  /** The hosts' own sleep. */
  readonly power: Pick<HostPowers, 'linkBecame' | 'listChanged' | 'retryIn' | 'forget'>;
  readonly onTest: (id: string) => void;
  readonly onHost: (id: string) => void;
  readonly onFault: (error: unknown) => void;
}

export function createHostBook(options: HostBookOptions): HostBook {
  const { clock, random, fleet, document, around, power, onTest, onHost, onFault } = options;
  const hosts = new Map<string, SshHost>();
  const tests = new Map<string, { view: ConnectionTest; readonly abort: AbortController }>();

  const saved = (hostId: string): SavedHost | undefined => document.value.find(({ id }) => id === hostId);

  const savedOf = (hostId: string): SavedHost => {
    const found = saved(hostId);
    if (found) return found;
    throw new RefusedError({ code: 'unknown-host', message: 'This host is no longer on the list.' });
  };

  const saves = createQueue();
  /**
   * Saves before anything is done, so that what the user sees is what a restart brings. One after the other, because
   * hosts become ready at any time. @throws RefusedError
   */
  const save = (next: (now: readonly SavedHost[]) => SavedHost[]): Promise<void> =>
    saves.run(async () => {
      try {
        await document.save(next(document.value));
      } catch (error) {
        if (error instanceof StorageError) throw new RefusedError({ code: 'storage', message: error.message });
        throw error;
      }
    });
  const change = (hostId: string, to: Partial<SavedHost>) =>
    save((now) => now.map((one) => (one.id === hostId ? { ...one, ...to } : one)));

  const lastReadyOf = (saved: SavedHost): number | null => {
    const link = hosts.get(saved.id)?.link;
    return link?.state.kind === 'ready' ? clock.now() : (link?.lastReady ?? saved.lastReady);
  };

  const check = (address: string): string => {
    const parsed = parseTarget(address);
    if (!parsed.ok) throw new RefusedError({ code: 'bad-address', message: parsed.error });
    return address.trim();
  };

  const enter = (saved: SavedHost): SshHost => {
    const host = createSshHost({ saved, clock, random, around, retryIn: () => power.retryIn(saved.id) });
    hosts.set(saved.id, host);
    host.onListChanged(() => power.listChanged(saved.id));
    host.link.subscribe((state) => {
      power.linkBecame(saved.id, state);
      if (state.kind === 'ready') change(saved.id, { lastReady: clock.now() }).catch(onFault);
    });
    void fleet.addHost(host);
    if (saved.enabled) host.link.connectNow();
    return host;
  };

  const replace = async (hostId: string) => {
    await hosts.get(hostId)?.close();
    enter(savedOf(hostId));
    onHost(hostId);
  };

  const runTest = async (id: string, address: string, signal: AbortSignal) => {
    const update = (to: (view: ConnectionTest) => ConnectionTest) => {
      const test = tests.get(id);
      if (!test) return;
      test.view = to(test.view);
      onTest(id);
    };
    try {
      await testConnection({ address, signal, onStep: (step) => update((view) => ({ ...view, steps: [...view.steps, step] })) }, around);
    } finally {
      update((view) => ({ ...view, done: true }));
    }
  };

  /** The names of what may have been told for an address, and for the computers on the way to it. */
  const secretsOf = async ({ address }: SavedHost): Promise<string[]> => {
    try {
      const settings = await settingsFor(address, around);
      return [...settings.proxyJump, settings].flatMap(secretNames);
    } catch (error) {
      // An address that leads nowhere has no secrets.
      if (error instanceof SshError) return [];
      throw error;
    }
  };

  /** What was told for the host, unless another host needs it, too. @throws RefusedError */
  const forgetSecrets = async (saved: SavedHost) => {
    const others = document.value.filter(({ id }) => id !== saved.id);
    const needed = new Set((await Promise.all(others.map(secretsOf))).flat());
    try {
      for (const name of await secretsOf(saved)) if (!needed.has(name)) await around.secrets.forget(name);
    } catch (error) {
      if (error instanceof StorageError) throw new RefusedError({ code: 'storage', message: error.message });
      throw error;
    }
  };

  const refuseTwin = (address: string, hostId: string | null) => {
    const twin = document.value.find((one) => one.address === address && one.id !== hostId);
    if (twin) throw new RefusedError({ code: 'wrong-state', message: `This host is on the list already: ${twin.name || twin.address}.` });
  };

  return {
    start() {
      for (const saved of document.value) enter(saved);
    },
    async stop() {
      for (const { abort } of tests.values()) abort.abort();
      await save((now) => now.map((one) => ({ ...one, lastReady: lastReadyOf(one) }))).catch(onFault);
    },
    saved,
    host: (hostId) => hosts.get(hostId),
    awaySince(hostId) {
      const host = hosts.get(hostId);
      if (!host || host.link.state.kind === 'ready') return null;
      return host.link.lastReady ?? saved(hostId)?.lastReady ?? null;
    },
    test: (id) => tests.get(id)?.view,
    async aliases() {
      const aliases = listAliases(await loadConfig(around.reader, around.places));
      return Promise.all(aliases.map(async (alias) => ({ alias, address: await addressOf(alias, around) })));
    },
    beginTest(address) {
      const id = randomUUID();
      const abort = new AbortController();
      tests.set(id, { abort, view: { id, address, steps: [], done: false } });
      onTest(id);
      runTest(id, address, abort.signal).catch(onFault);
      return id;
    },
    endTest(id) {
      tests.get(id)?.abort.abort();
      if (tests.delete(id)) onTest(id);
    },
    async add(typed, name) {
      const address = check(typed);
      refuseTwin(address, null);
      const saved: SavedHost = { id: `ssh-${randomUUID()}`, address, name: name.trim(), enabled: true, lastReady: null };
      await save((now) => [...now, saved]);
      enter(saved);
      return saved.id;
    },
    async edit(hostId, typed, name) {
      const before = savedOf(hostId);
      const address = check(typed);
      refuseTwin(address, hostId);
      if (address !== before.address) await forgetSecrets(before);
      await change(hostId, { address, name: name.trim(), lastReady: lastReadyOf(before) });
      await replace(hostId);
    },
    async setEnabled(hostId, enabled) {
      await change(hostId, { enabled, lastReady: lastReadyOf(savedOf(hostId)) });
      await replace(hostId);
    },
    async remove(hostId) {
      const saved = savedOf(hostId);
      await forgetSecrets(saved);
      await save((now) => now.filter(({ id }) => id !== hostId));
      try {
        await fleet.removeHost(hostId);
      } catch (error) {
        await save((now) => [...now, saved]);
        throw error;
      }
      hosts.delete(hostId);
      await power.forget(hostId).catch(onFault);
    },
    connect(hostId) {
      if (!savedOf(hostId).enabled) {
        throw new RefusedError({ code: 'wrong-state', message: 'This host is switched off.', remedy: 'Enable it.' });
      }
      hosts.get(hostId)?.link.connectNow();
    },
  };
}

/** Where an alias leads, for a picker; an alias that leads nowhere is shown as it is. */
async function addressOf(alias: string, around: SshSurroundings): Promise<string> {
  try {
    const { user, host, port } = await settingsFor(alias, around);
    return `${user}@${host}${port === 22 ? '' : `:${port}`}`;
  } catch (error) {
    if (error instanceof SshError) return alias;
    throw error;
  }
}
