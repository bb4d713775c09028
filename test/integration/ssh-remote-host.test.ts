import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../main/clock';
import type { StartRecipe } from '../../main/hosts/discovery/found';
import { remoteProcesses } from '../../main/hosts/ssh/alive';
import { createRemoteScanMemory, scanRemote } from '../../main/hosts/ssh/discovery';
import { launchRemote } from '../../main/hosts/ssh/launch';
import { createReach } from '../../main/hosts/ssh/reach';
import type { SshConnection } from '../../main/protocols/ssh/types';
import { isMissing } from '../support/requires';
import { attempt, endpointOf } from '../support/ssh-client';
import { endChild, makeKey, until, type TestKey } from '../support/ssh-keys';
import { accountsPresent, sshdPresent, startSshd, type SshdOptions, type TestSshd } from '../support/sshd';

const QEMU = '/usr/bin/qemu-system-x86_64';
const NAME = "it's $(touch executed) `id`\nü";

describe.skipIf(isMissing('OpenSSH', sshdPresent) || isMissing('QEMU', existsSync(QEMU)))(
  'a host behind sshd',
  () => {
    let folder: string;
    let key: TestKey;
    /** Where what started processes say is kept. */
    let words: string;
    const servers: TestSshd[] = [];
    const connections: SshConnection[] = [];
    const started: number[] = [];
    const children: ChildProcess[] = [];

    beforeAll(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'remote host ')));
      key = makeKey(folder);
    });
    afterEach(async () => {
      for (const pid of started.splice(0)) if (existsSync(`/proc/${pid}/exe`)) process.kill(pid, 'SIGKILL');
      for (const child of children.splice(0)) await endChild(child, 'SIGKILL');
      for (const connection of connections.splice(0)) await connection.close();
      for (const server of servers.splice(0)) await server.stop();
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const serve = async (options: SshdOptions = {}): Promise<TestSshd> => {
      words = mkdtempSync(join(folder, 'words '));
      const config = [`SetEnv TMPDIR="${words}"`, ...(options.config ?? [])];
      const server = await startSshd({ authorizedKeys: [key], ...options, config });
      servers.push(server);
      return server;
    };
    const connect = async (server: TestSshd, user = server.user): Promise<SshConnection> => {
      const connection = await attempt(endpointOf(server, key, { user })).connection;
      connections.push(connection);
      return connection;
    };
    /** Whoever else looks at the QEMUs of this computer takes the first monitor, which serves one client. */
    const recipe = (socket: string): StartRecipe => ({
      executable: QEMU,
      args: [
        ...['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', '-name', NAME],
        ...['-qmp', `unix:${socket}.first,server=on,wait=off`, '-qmp', `unix:${socket},server=on,wait=off`],
      ],
      cwd: folder,
      daemonizes: false,
      startsPaused: false,
    });
    const launch = async (remote: SshConnection, what: ReturnType<typeof recipe>) => {
      const launched = await launchRemote(what, { remote, clock: systemClock });
      started.push(launched.pid!);
      return launched;
    };
    const guestOf = async (remote: SshConnection, pid: number) => {
      const { guests } = await scanRemote({ remote, memory: createRemoteScanMemory(), clock: systemClock });
      return guests.find((guest) => guest.pid === pid);
    };
    const reachOf = (remote: SshConnection) => createReach({ remote, clock: systemClock, hostName: 'nas' });
    const greeted = async (stream: Duplex): Promise<void> => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await until(
        () => text.includes('"QMP"'),
        () => `a greeting; it said ${text}`,
      );
    };

    it('starts a QEMU that outlives the connection, finds it, reaches it and sees it end', async () => {
      const server = await serve();
      const first = await connect(server);
      const what = recipe('a b.qmp');
      const { pid } = await launch(first, what);
      await first.close();

      const second = await connect(server);
      const alive = remoteProcesses(second);
      expect(await alive(pid!)).toBe(true);
      const guest = await guestOf(second, pid!);
      expect(guest).toMatchObject({
        name: NAME,
        monitors: [{ path: join(folder, 'a b.qmp.first') }, { path: join(folder, 'a b.qmp') }],
        recipe: what,
      });
      const reach = reachOf(second);
      const stream = await reach.dial(guest!.monitors[1]!);
      await greeted(stream);
      expect(reach.way()).toBe('forwarded');
      stream.write('{"execute":"qmp_capabilities"}{"execute":"quit"}');
      for (const end = Date.now() + 10_000; await alive(pid!);)
        if (Date.now() > end) throw new Error('QEMU did not quit');
      expect(await guestOf(second, pid!)).toBeUndefined();
      await expect(reach.dial(guest!.monitors[1]!)).rejects.toMatchObject({ code: 'missing' });
      expect(existsSync(join(folder, 'executed'))).toBe(false);
    });

    const logs = () => readdirSync(words);

    it('tells of a start at once, and leaves nothing of it behind when it is confirmed', async () => {
      const server = await serve();
      const remote = await connect(server);
      await remote.exec('true');
      const idle = server.sessions().length;
      const began = performance.now();
      const { pid, confirmed } = await launch(remote, recipe('quick.qmp'));
      expect(performance.now() - began).toBeLessThan(1000);
      expect(logs()).toHaveLength(1);
      await until(
        () => existsSync(join(folder, 'quick.qmp')),
        () => 'its socket',
      );
      confirmed();
      await until(
        () => logs().length === 0 && server.sessions().length === idle,
        () => `nothing is left; there are ${logs().join()} and ${server.sessions().length - idle} processes`,
      );
      // What it says from now on goes nowhere.
      expect(readlinkSync(`/proc/${pid}/fd/1`)).toMatch(/ \(deleted\)$/);
      expect(await remoteProcesses(remote)(pid!)).toBe(true);
    });

    it('starts where the server grants one session at a time', async () => {
      const remote = await connect(await serve({ config: ['MaxSessions 1'] }));
      const { pid, confirmed } = await launch(remote, recipe('one.qmp'));
      await until(
        () => existsSync(join(folder, 'one.qmp')),
        () => 'its socket',
      );
      expect((await guestOf(remote, pid!))?.name).toBe(NAME);
      confirmed();
      await until(
        () => logs().length === 0,
        () => 'nothing is left',
      );
    });

    it('starts again what went to the background, changed its user, was confined and waits (-S)', async () => {
      const remote = await connect(await serve());
      const cwd = mkdtempSync(join(folder, 'away '));
      const first: StartRecipe = {
        ...recipe('away.qmp'),
        cwd,
        args: [
          ...recipe('away.qmp').args,
          ...['-daemonize', '-pidfile', 'away.pid', '-runas', 'nobody', '-sandbox', 'on', '-S'],
        ],
        daemonizes: true,
        startsPaused: true,
      };
      let seen = first;
      for (const turn of [1, 2]) {
        const { exited } = await launch(remote, seen);
        expect(await exited).toEqual({ code: 0, signal: null, output: '' });
        expect(logs()).toEqual([]);
        const pid = Number(readFileSync(join(cwd, 'away.pid'), 'utf8'));
        started.push(pid);
        expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
        const guest = await guestOf(remote, pid);
        expect(guest?.recipe).toEqual(first);
        expect(guest?.monitors).toHaveLength(2);
        seen = guest!.recipe!;
        const stream = await reachOf(remote).dial(guest!.monitors[1]!);
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.write('{"execute":"qmp_capabilities"}{"execute":"query-status"}');
        await until(
          () => text.includes('"status": "prelaunch"'),
          () => `turn ${turn}: it waits; it said ${text}`,
        );
        stream.destroy();
        // Its files stay where they are, as after a crash.
        process.kill(pid, 'SIGKILL');
        await until(
          () => !existsSync(`/proc/${pid}/exe`),
          () => 'it ended',
        );
      }
    });

    it('says what QEMU said when it ended at once', async () => {
      const remote = await connect(await serve());
      const { exited } = await launch(remote, { ...recipe('x.qmp'), args: ['-nonsense'] });
      expect(await exited).toMatchObject({
        code: 1,
        output: expect.stringContaining('-nonsense: invalid option'),
      });
    });

    it('goes through a program of the host where unix sockets are not forwarded, and leaves it', async () => {
      const remote = await connect(await serve({ config: ['AllowStreamLocalForwarding no'] }));
      const { pid } = await launch(remote, recipe('b.qmp'));
      const [, address] = (await guestOf(remote, pid!))!.monitors;
      const reach = reachOf(remote);
      // A monitor serves one client: the second is greeted only when the first has left.
      for (const end of ['end', 'destroy', 'destroy'] as const) {
        const stream = await reach.dial(address!);
        await greeted(stream);
        if (end === 'end') stream.end();
        else stream.destroy();
      }
      expect(reach.way()).toBe('perl');
      await expect(reach.dial({ kind: 'unix', path: '/run/no such' })).rejects.toMatchObject({
        code: 'missing',
      });
    });

    it.skipIf(isMissing('mount namespaces', accountsPresent))(
      'lists what an account may not open, with the remedy, whatever its shell says',
      async () => {
        const child = spawn(QEMU, recipe('c.qmp').args, { cwd: folder, stdio: 'ignore' });
        const open = spawn(
          QEMU,
          [
            '-machine',
            'none',
            '-display',
            'none',
            '-nodefaults',
            '-qmp',
            `unix:${join(folder, 'd.qmp')},server=on,wait=off`,
          ],
          { stdio: 'ignore' },
        );
        children.push(child, open);
        await until(
          () => existsSync(join(folder, 'c.qmp')) && existsSync(join(folder, 'd.qmp')),
          () => 'the sockets',
        );
        const server = await serve({
          accounts: [
            { name: 'fishy', shell: '/usr/bin/fish' },
            {
              name: 'noisy',
              shell: '/bin/bash',
              files: { '.bashrc': 'echo noise; echo noise >&2; printf "no newline"\n' },
            },
          ].filter(({ shell }) => existsSync(shell)),
        });
        for (const name of ['fishy', 'noisy'].filter((account) => existsSync(server.home(account)))) {
          const remote = await connect(server, name);
          const guest = await guestOf(remote, open.pid!);
          expect(guest?.problem).toMatchObject({
            reason: 'permission',
            detail: expect.stringContaining(`${name} may not enter it.`),
            remedy: expect.stringMatching(new RegExp(`^Connect as root\\. .*setfacl -m u:${name}:x '`)),
          });
          // Its folder is hidden from the account, and with it the socket's path.
          expect((await guestOf(remote, child.pid!))?.name).toBe(NAME);
          const error = await reachOf(remote)
            .dial({ kind: 'unix', path: join(folder, 'd.qmp') })
            .catch((reason: unknown) => reason);
          expect(error).toMatchObject({ code: 'permission', message: expect.stringContaining('setfacl') });
        }
      },
    );
  },
);
