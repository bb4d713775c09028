import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createHostBook } from '../../main/host-book';
import { HOSTS_VERSION, parseSavedHosts, type SavedHost } from '../../main/hosts/saved-hosts';
import { createQuestions } from '../../main/hosts/ssh/questions';
import { createSecrets } from '../../main/hosts/ssh/secrets';
import { RefusedError, type Refusal } from '../../main/power/actions';
import { SshError } from '../../main/protocols/ssh/errors';
import type { ConnectSshOptions, SshConnection } from '../../main/protocols/ssh/types';
import { openDocument } from '../../main/storage/document';
import { hostViewOf } from '../../main/view/host-view';
import { HostView } from '../../preload/contract/view';
import { noKnownHosts } from '../fakes/known-hosts-fs';
import type { MemoryFs } from '../fakes/memory-fs';
import { memorySecretStore } from '../fakes/secret-store';
import { createWorld } from './guests/world';

vi.mock('../../main/demo/one-client-server', () => import('../fakes/memory-sockets'));

interface Dialled extends ConnectSshOptions {
  readonly succeed: () => { die(): void };
  readonly fail: (error: SshError) => void;
}
/** Each connection that was begun. */
const { dialled } = vi.hoisted(() => ({ dialled: [] as Dialled[] }));
vi.mock('../../main/protocols/ssh/connection', () => ({
  connectSsh: (options: ConnectSshOptions) =>
    new Promise<SshConnection>((resolve, reject) => {
      const closedHere = new SshError('closed', 'Closed.', { remedy: 'None.' });
      options.signal?.addEventListener('abort', () => reject(closedHere));
      dialled.push({
        ...options,
        fail: reject,
        succeed() {
          let over = (_: SshError) => {};
          const closed = new Promise<SshError>((end) => (over = end));
          const connection: Partial<SshConnection> = {
            closed,
            heardAt: () => options.clock.now(),
            exec: () => Promise.reject(new SshError('channel', 'No sessions.', { remedy: 'None.' })),
            close: async () => over(closedHere),
          };
          resolve(connection as SshConnection);
          return { die: () => over(closedHere) };
        },
      });
    }),
}));

beforeEach(() => void dialled.splice(0));

async function createBench(options: { fs?: MemoryFs; config?: string } = {}) {
  const world = await createWorld([], options.fs ? { fs: options.fs } : {});
  const { clock, fs, fleet } = world;
  const document = await openDocument<SavedHost[]>({
    dir: '/p',
    name: 'hosts',
    version: HOSTS_VERSION,
    parse: parseSavedHosts,
    empty: [],
    fs,
    clock,
  });
  const store = memorySecretStore();
  const secrets = createSecrets(store);
  const faults: unknown[] = [];
  const files: Record<string, string> = { '/h/.ssh/config': options.config ?? '' };
  const book = createHostBook({
    clock,
    random: () => 0.5,
    fleet,
    document,
    around: {
      clock,
      reader: { readFile: async (path) => files[path] ?? null, glob: async () => [] },
      places: { user: '/h/.ssh/config', system: null, home: '/h' },
      knownHostsFs: noKnownHosts,
      local: { user: 'me', uid: 1000, home: '/h', hostName: 'desk', env: {} },
      usualAgent: () => null,
      questions: createQuestions(() => undefined),
      secrets,
      once: new Set(),
    },
    power: { linkBecame: () => undefined, listChanged: () => undefined, retryIn: () => null, forget: () => Promise.resolve() },
    onTest: () => undefined,
    onHost: () => undefined,
    onFault: (error) => faults.push(error),
  });
  book.start();
  /** What a restart would find. */
  const onDisk = (): SavedHost[] => {
    const text = fs.text('/p/hosts.json');
    return text === undefined ? [] : (JSON.parse(text) as { value: SavedHost[] }).value;
  };
  const added = async (address = 'me@nas', name = '') => {
    const id = await world.done(book.add(address, name));
    await world.until('it connects', () => dialled.some(({ target }) => address.includes(target.host)));
    return id;
  };
  return {
    ...world,
    added,
    book,
    document,
    store,
    secrets,
    faults,
    onDisk,
    view: (id: string) => hostViewOf(id, fleet, book, null),
    diskIsFull(full: boolean) {
      fs.fault = (_, operation, path) => (full && operation === 'write' && path.includes('hosts') ? 'ENOSPC' : undefined);
    },
    async refusal(promise: Promise<unknown>): Promise<Refusal> {
      const error: unknown = await world.done(promise).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error instanceof RefusedError) return error.refusal;
      throw error instanceof Error ? error : new Error('It was not refused');
    },
    async connected(address = 'me@nas') {
      const id = await added(address);
      const peer = dialled.at(-1)?.succeed();
      await world.until('it is ready', () => book.host(id)?.link.state.kind === 'ready');
      return { id, die: () => peer?.die() };
    },
  };
}

describe('a host that is added', () => {
  it('is on disk before it is on the list, connects, and is there after a restart', async () => {
    const { book, added, onDisk, view, fs, fleet } = await createBench();
    const id = await added(' ssh://me@nas:2222 ', ' Store ');
    expect(onDisk()).toEqual([{ id, address: 'ssh://me@nas:2222', name: 'Store', enabled: true, lastReady: null }]);
    expect(dialled).toMatchObject([{ target: { host: 'nas', port: 2222, user: 'me' } }]);
    expect(HostView.parse(view(id))).toMatchObject({
      name: 'Store',
      kind: 'ssh',
      address: 'ssh://me@nas:2222',
      enabled: true,
      link: { kind: 'connecting' },
    });
    expect(fleet.hosts().map((host) => host.id)).toEqual(['local', id]);
    expect(book.awaySince(id)).toBeNull();
    const next = await createBench({ fs: fs.afterProcessEnd() });
    expect(HostView.parse(next.view(id))).toMatchObject({ name: 'Store', enabled: true });
    await next.until('it connects', () => dialled.length === 2);
  });

  it.each(['', '  ', 'me@', '@nas', 'nas:port', '-oProxyCommand=x', 'a b'])('is refused as an address: %j', async (address) => {
    const { book, refusal, onDisk, fleet } = await createBench();
    expect(await refusal(book.add(address, ''))).toMatchObject({ code: 'bad-address', message: expect.stringMatching(/\S/) });
    expect([onDisk(), fleet.hosts().length, dialled.length]).toEqual([[], 1, 0]);
  });

  it('is not added twice', async () => {
    const { book, refusal, added, document } = await createBench();
    await added();
    expect(await refusal(book.add('me@nas', 'again'))).toMatchObject({ code: 'wrong-state' });
    expect(document.value).toHaveLength(1);
  });

  it('that cannot be kept is not there', async () => {
    const { book, refusal, diskIsFull, fleet, document } = await createBench();
    diskIsFull(true);
    expect(await refusal(book.add('me@nas', ''))).toMatchObject({ code: 'storage', message: expect.stringContaining('disk is full') });
    expect([fleet.hosts().length, document.value, dialled.length]).toEqual([1, [], 0]);
  });

  it('while another becomes ready is kept with what is kept of that', async () => {
    const { book, added, done, until, onDisk, clock } = await createBench();
    const nas = await added();
    const adding = book.add('me@attic', '');
    dialled[0]?.succeed();
    const attic = await done(adding);
    await until('its time is kept', () => onDisk().some(({ lastReady }) => lastReady !== null));
    expect(onDisk()).toMatchObject([
      { id: nas, lastReady: expect.any(Number) },
      { id: attic, lastReady: null },
    ]);
    expect(onDisk()[0]?.lastReady).toBeLessThanOrEqual(clock.now());
  });
});

describe('a host on the list', () => {
  it('that is edited connects anew, to where it is now', async () => {
    const { book, connected, done, onDisk, view, until } = await createBench();
    const { id } = await connected();
    const before = book.host(id);
    await done(book.edit(id, 'root@attic', 'Attic'));
    expect(onDisk()).toMatchObject([{ id, address: 'root@attic', name: 'Attic' }]);
    expect(before?.link.state).toEqual({ kind: 'offline' });
    await until('it connects', () => dialled.length === 2);
    expect(dialled[1]?.target).toMatchObject({ host: 'attic', user: 'root' });
    expect(view(id)).toMatchObject({ name: 'Attic', link: { kind: 'connecting' } });
  });

  it('that cannot be edited goes on as it was', async () => {
    const { book, connected, added, diskIsFull, refusal, onDisk, view } = await createBench();
    const { id } = await connected();
    await added('me@attic');
    diskIsFull(true);
    expect(await refusal(book.edit(id, 'root@elsewhere', ''))).toMatchObject({ code: 'storage' });
    expect(await refusal(book.setEnabled(id, false))).toMatchObject({ code: 'storage' });
    expect(await refusal(book.remove(id))).toMatchObject({ code: 'storage' });
    diskIsFull(false);
    expect(await refusal(book.edit(id, '@', ''))).toMatchObject({ code: 'bad-address' });
    expect(await refusal(book.edit(id, 'me@attic', ''))).toMatchObject({ code: 'wrong-state' });
    expect(onDisk().map(({ address, enabled }) => [address, enabled])).toEqual([['me@nas', true], ['me@attic', true]]);
    expect(view(id)).toMatchObject({ address: 'me@nas', link: { kind: 'ready' } });
  });

  it('that is switched off is not connected to, now or after a restart, until it is switched on', async () => {
    const { book, connected, done, refusal, onDisk, view, fs, until, pass, clock } = await createBench();
    const { id } = await connected();
    await pass(100_000);
    const off = clock.now();
    await done(book.setEnabled(id, false));
    expect(onDisk()).toMatchObject([{ id, enabled: false, lastReady: off }]);
    await pass(600_000);
    expect(dialled).toHaveLength(1);
    expect(view(id)).toMatchObject({ enabled: false, link: { kind: 'offline' } });
    expect(book.awaySince(id)).toBe(off);
    expect(await refusal(Promise.resolve().then(() => book.connect(id)))).toMatchObject({ code: 'wrong-state' });
    const next = await createBench({ fs: fs.afterProcessEnd() });
    await next.pass(60_000);
    expect(dialled).toHaveLength(1);
    expect(next.book.awaySince(id)).toBe(off);
    await done(book.setEnabled(id, true));
    await until('it connects', () => dialled.length === 2);
  });

  it('that is removed leaves nothing behind, and is connected to no more', async () => {
    const { book, connected, done, onDisk, view, fleet, secrets, store, pass } = await createBench();
    const { id } = await connected();
    await secrets.learn('password:me@nas:22', 'hunter2', true);
    await secrets.learn('passphrase:/h/.ssh/id_rsa', 'opens', true);
    await done(book.remove(id));
    expect([onDisk(), view(id), fleet.hosts().length, book.host(id), store.kept.size]).toEqual([[], undefined, 1, undefined, 0]);
    expect(await secrets.recall('password:me@nas:22')).toBeNull();
    await pass(600_000);
    expect(dialled).toHaveLength(1);
  });

  it('that is removed while it connects is connected to no more', async () => {
    const { book, added, done, pass } = await createBench();
    const id = await added();
    await done(book.remove(id));
    expect(dialled[0]?.signal?.aborted).toBe(true);
    await pass(600_000);
    expect(dialled).toHaveLength(1);
  });

  it('leaves what another host needs, and the jump host’s own password goes with it', async () => {
    const { book, added, done, store, secrets } = await createBench({ config: 'Host nas\n  ProxyJump me@gate' });
    const nas = await added('me@nas');
    await added('me@attic');
    for (const name of ['password:me@nas:22', 'password:me@gate:22', 'password:me@attic:22', 'passphrase:/h/.ssh/id_rsa']) {
      await secrets.learn(name, 'x', true);
    }
    await done(book.remove(nas));
    expect([...store.kept.keys()]).toEqual(['password:me@attic:22', 'passphrase:/h/.ssh/id_rsa']);
  });

  it('whose address is changed takes none of its secrets along', async () => {
    const { book, added, done, store, secrets } = await createBench();
    const id = await added('me@nas');
    await secrets.learn('password:me@nas:22', 'x', true);
    await done(book.edit(id, 'me@nas', 'Store'));
    expect(store.kept.size).toBe(1);
    await done(book.edit(id, 'me@attic', 'Store'));
    expect(store.kept.size).toBe(0);
  });

  it('tells since when it is away', async () => {
    const { book, connected, until, pass, clock, onDisk, done } = await createBench();
    const { id, die } = await connected();
    expect(book.awaySince(id)).toBeNull();
    await pass(50_000);
    const lost = clock.now();
    die();
    await until('it is lost', () => book.host(id)?.link.state.kind !== 'ready');
    await pass(60_000);
    expect(book.awaySince(id)).toBe(lost);
    await done(book.stop());
    expect(onDisk()).toMatchObject([{ lastReady: lost }]);
  });

  it('that is not there (any more) is refused', async () => {
    const { book, refusal, added, done } = await createBench();
    const id = await added();
    await done(book.remove(id));
    for (const work of [
      () => book.edit(id, 'nas', ''),
      () => book.setEnabled(id, true),
      () => book.remove('__proto__'),
      async () => book.connect('nobody'),
    ]) {
      expect(await refusal(work())).toMatchObject({ code: 'unknown-host' });
    }
  });
});

describe('a connection test', () => {
  it('shows its steps, ends, and is forgotten', async () => {
    const { book, until } = await createBench();
    const id = book.beginTest('me@nas');
    await until('it connects', () => dialled.length === 1);
    expect(book.test(id)).toMatchObject({ done: false, steps: [{ name: 'address', state: 'passed', detail: 'me@nas:22' }] });
    dialled[0]?.fail(new SshError('refused', 'Nobody listens.', { remedy: 'Start sshd.' }));
    await until('it is done', () => book.test(id)?.done);
    expect(book.test(id)?.steps.at(-1)).toMatchObject({ name: 'name', state: 'failed', detail: 'Nobody listens.', remedy: 'Start sshd.' });
    book.endTest(id);
    expect(book.test(id)).toBeUndefined();
  });

  it('that is ended gives up connecting', async () => {
    const { book, until, faults } = await createBench();
    const id = book.beginTest('me@nas');
    await until('it connects', () => dialled.length === 1);
    book.endTest(id);
    expect(dialled[0]?.signal?.aborted).toBe(true);
    await until('it is gone', () => book.test(id) === undefined);
    expect(faults).toEqual([]);
  });

  it('of what is no address says so', async () => {
    const { book, until } = await createBench();
    const id = book.beginTest('me@');
    await until('it is done', () => book.test(id)?.done);
    expect(book.test(id)?.steps).toMatchObject([{ name: 'address', state: 'failed', remedy: expect.any(String) }]);
  });
});

it('a connection heeds what the configuration says of it', async () => {
  const { added } = await createBench({
    config: [
      'Host nas\n  ProxyJump gate\n  AddressFamily inet6\n  ConnectTimeout 3',
      '  PreferredAuthentications password,gssapi-with-mic,publickey,keyboard-interactive',
      '  KbdInteractiveAuthentication no\n  NumberOfPasswordPrompts 1',
      'Host gate\n  PasswordAuthentication no\n  PubkeyAuthentication no\n  ConnectTimeout 0',
    ].join('\n'),
  });
  await added('nas');
  expect(dialled[0]).toMatchObject({
    target: {
      addressFamily: 'inet6',
      connectTimeoutMs: 3000,
      credentials: { methods: ['password', 'publickey'], passwordPrompts: 1 },
    },
    jumps: [
      {
        addressFamily: 'any',
        connectTimeoutMs: null,
        credentials: { methods: ['keyboard-interactive'], passwordPrompts: 3, identityFiles: [] },
      },
    ],
  });
});

it('the hosts that ssh’s configuration names are offered with where they lead', async () => {
  const { book, done } = await createBench({
    config: 'Host nas store\n  HostName 10.0.0.5\n  User root\n  Port 2222\nHost *.lan !x\nHost attic\n',
  });
  expect(await done(book.aliases())).toEqual([
    { alias: 'nas', address: 'root@10.0.0.5:2222' },
    { alias: 'store', address: 'root@10.0.0.5:2222' },
    { alias: 'attic', address: 'me@attic' },
  ]);
});
