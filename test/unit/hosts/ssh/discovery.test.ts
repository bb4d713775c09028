import fc from 'fast-check';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRemoteScanMemory,
  scanRemote,
  type RemoteScanMemory,
} from '../../../../main/hosts/ssh/discovery';
import { parseSurvey } from '../../../../main/hosts/ssh/discovery-parse';
import { discoveryScript } from '../../../../main/hosts/ssh/discovery-script';
import { runScript } from '../../../../main/hosts/ssh/records';
import { fakeClock } from '../../../fakes/clock';
import { localRemote, SHELLS, type LocalRemote } from './local-remote';
import { isMissing } from '../../../support/requires';
import { IDLE, realProcesses, ticksOf, until, type RealProcesses } from './processes';

const isRoot = process.getuid?.() === 0;
const STRANGER = 54_321;

let real: RealProcesses;
let servers: Server[];
const clock = fakeClock();
const listen = async (path: string): Promise<void> => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
};
/** Guests of this test; others may run on this computer. */
const scanBy = async (remote: LocalRemote, memory: RemoteScanMemory = createRemoteScanMemory()) => {
  const scan = await scanRemote({ remote, memory, clock });
  return { ...scan, of: (pid: number) => scan.guests.find((guest) => guest.pid === pid) };
};
const monitor = (path: string): string[] => ['-qmp', `unix:${path},server=on,wait=off`];

beforeEach(() => {
  real = realProcesses();
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await real.dispose();
});

describe.each(SHELLS)('with %s as its sh', (shell) => {
  it('reads arguments of any bytes', { timeout: 60_000 }, async () => {
    const program = real.program();
    const piece = fc.oneof(
      fc
        .constantFrom(
          ...[
            '\n',
            '\r',
            "'",
            '"',
            '$(id)',
            '`id`',
            '\\',
            '\\n',
            '!',
            ' ',
            '%s',
            '*',
            '\u001b[1m',
            'é',
            '-e',
            '/proc/1/exe -> /x',
            '\n\n',
          ],
        )
        .map((text) => Buffer.from(text)),
      fc
        .uint8Array({ minLength: 1, maxLength: 12 })
        .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1))),
    );
    const argument = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
    const remote = localRemote({ shell });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(argument, { maxLength: 8 }), { minLength: 4, maxLength: 4 }),
        async (vectors) => {
          const pids = await Promise.all(
            vectors.map((args) => real.start(program, [...IDLE, ...args], { argv0: 'qemu' })),
          );
          const { processes } = parseSurvey(await runScript(remote, discoveryScript([])));
          for (const [at, pid] of pids.entries()) {
            const whole = Buffer.concat(
              ['qemu', ...IDLE, ...vectors[at]!].flatMap((arg) => [Buffer.from(arg), Buffer.from([0])]),
            );
            const seen = processes.find((one) => one.pid === pid);
            expect(seen?.command).toEqual({ kind: 'bytes', bytes: whole });
            expect(seen?.stat.startTicks).toBe(ticksOf(pid));
            expect(seen?.euid).toBe(process.geteuid!());
            expect(seen?.links.get('exe')).toEqual({ target: program, exact: true });
          }
        },
      ),
      { numRuns: 5 },
    );
  });

  it('describes a guest as the local listing does', async () => {
    const program = real.program();
    const args = [
      ...IDLE,
      '-name',
      "it's “$(id)”\n`id`",
      '-m',
      '2G',
      '-smp',
      '3',
      '-M',
      'q35',
      '-uuid',
      '6D8E1C5E-0000-4000-8000-00000000000A',
      '-S',
      ...monitor('run/a b.qmp'),
    ];
    const pid = await real.start(program, args);
    const { of, ...scan } = await scanBy(localRemote({ shell }));
    expect(of(pid)).toEqual({
      key: expect.stringMatching(/^qemu-[0-9a-f]{32}$/),
      pid,
      startedAt: expect.any(Number),
      name: "it's “$(id)”\n`id`",
      uuid: '6d8e1c5e-0000-4000-8000-00000000000a',
      memoryMiB: 2048,
      vcpus: 3,
      machine: 'q35',
      monitors: [{ kind: 'unix', path: join(real.folder, 'run/a b.qmp') }],
      agent: null,
      owner: 'user',
      recipe: { executable: program, args, cwd: real.folder, daemonizes: false, startsPaused: true },
    });
    // The clock stands: it started within the test.
    expect(clock.now() - of(pid)!.startedAt!).toBeLessThan(10_000);
    expect(scan.user).toEqual({
      uid: process.getuid!(),
      name: expect.any(String),
      groups: expect.arrayContaining([process.getgid!()]),
    });
    expect(scan.othersHidden).toBe(false);
  });

  it('reads folders and programs with line breaks in their names, and is not led astray by them', async () => {
    const evil = join(real.folder, `a\nlrwxrwxrwx 1 0 0 0 Nov 22 21:21 /proc/1/exe -> `, 'x');
    const program = real.program('qemu-system-x86_64', evil);
    const plain = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
    const pid = await real.start(program, [...IDLE, ...monitor('b.qmp')], { cwd: evil });
    const impostor = join(real.folder, `b\n/proc/7/exe -> /usr/bin`, 'qemu-system-x86_64');
    const other = await real.start(real.program('cat', impostor), [...IDLE, 'qemu'], { cwd: evil });
    const { of } = await scanBy(localRemote({ shell }));
    expect(of(pid)?.recipe).toEqual({
      executable: program,
      args: [...IDLE, ...monitor('b.qmp')],
      cwd: evil,
      daemonizes: false,
      startsPaused: false,
    });
    expect(of(pid)?.monitors).toEqual([{ kind: 'unix', path: join(evil, 'b.qmp') }]);
    expect(of(plain)?.recipe?.cwd).toBe(real.folder);
    expect(of(other)).toBeUndefined();
  });

  it('reads folders whose names are not ASCII, and knows which are no text', async () => {
    const folder = join(real.folder, 'Gäste?');
    const bytes = Buffer.concat([Buffer.from(real.folder), Buffer.from([0x2f, 0xff])]);
    mkdirSync(bytes);
    const program = real.program('qemu-kvm', folder);
    const pid = await real.start(program, [...IDLE, ...monitor('a.qmp')], { cwd: folder });
    const lost = await real.start(
      '/usr/bin/env',
      ['-C', bytes, real.program(), ...IDLE, ...monitor('b.qmp')],
      { becomes: real.program() },
    );
    const { of } = await scanBy(localRemote({ shell }));
    expect(of(pid)?.recipe).toMatchObject({ executable: program, cwd: folder });
    expect(of(lost)?.recipe).toMatchObject({
      cwd: null,
      notStartable: 'The folder it was started in is not known.',
    });
    expect(of(lost)?.problem?.detail).toContain('a folder that is not known');
  });

  it('is not led astray by the name of a process', async () => {
    const rename = 'printf "a) R 1 (\\n2) S" > /proc/$$/comm; read nothing';
    const pid = await real.start(real.program(), ['-c', rename, ...monitor('a.qmp')]);
    const { of } = await scanBy(localRemote({ shell }));
    expect(of(pid)?.monitors).toHaveLength(1);
  });

  it('finds the program by its file, whatever it calls itself, and leaves others out', async () => {
    const renamed = await real.start(real.program(), [...IDLE], { argv0: 'harmless' });
    const boast = await real.start(real.program('cat'), [...IDLE], { argv0: '/usr/bin/qemu-system-x86_64' });
    const version = await real.start(real.program(), [...IDLE, '-version']);
    const { of } = await scanBy(localRemote({ shell }));
    expect(of(renamed)?.problem?.reason).toBe('no-monitor');
    expect(of(boast)).toBeUndefined();
    expect(of(version)).toBeUndefined();
  });

  it('only names what it knows, until it becomes something else', async () => {
    const pid = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
    const remote = localRemote({ shell });
    const memory = createRemoteScanMemory();
    const first = await scanBy(remote, memory);
    const { stat } = parseSurvey(await runScript(remote, discoveryScript([]))).processes.find(
      (one) => one.pid === pid,
    )!;
    const known = parseSurvey(
      await runScript(remote, discoveryScript([{ pid, startTicks: stat.startTicks, comm: stat.comm }])),
    );
    expect(known.known.get(pid)).toBe(process.pid);
    expect(known.processes.find((one) => one.pid === pid)).toBeUndefined();
    for (const wrong of [
      { pid, startTicks: stat.startTicks + 1, comm: stat.comm },
      { pid, startTicks: stat.startTicks, comm: 'sh' },
    ]) {
      const { processes } = parseSurvey(await runScript(remote, discoveryScript([wrong])));
      expect(processes.find((one) => one.pid === pid)?.stat).toEqual(stat);
    }
    const second = await scanBy(remote, memory);
    expect(second.of(pid)).toEqual(first.of(pid));
    process.kill(pid, 'SIGKILL');
    await until('it ended', () => !existsSync(`/proc/${pid}/exe`));
    expect((await scanBy(remote, memory)).of(pid)).toBeUndefined();
    expect(memory.looked.has(pid)).toBe(false);
  });

  it.skipIf(!isRoot)('says what keeps a user from a socket, and what would help', async () => {
    const path = (name: string): string => join(real.folder, name);
    const closed = path('closed');
    mkdirSync(closed);
    const sockets = {
      mine: path('mine'),
      also: path('also'),
      root: path('root socket'),
      group: path('group'),
      inside: join(closed, 's'),
    };
    for (const socket of Object.values(sockets)) await listen(socket);
    for (const socket of [sockets.mine, sockets.also]) chownSync(socket, STRANGER, STRANGER);
    chmodSync(sockets.root, 0o755);
    chownSync(sockets.group, 0, 106);
    chmodSync(sockets.group, 0o770);
    chmodSync(closed, 0o700);
    const pids: Record<string, number> = {};
    await listen(path('root two'));
    const { also, ...single } = sockets;
    for (const [name, socket] of Object.entries(single))
      pids[name] = await real.start(real.program(), [...IDLE, ...monitor(socket)]);
    const both = await real.start(real.program(), [...IDLE, ...monitor(path('root two')), ...monitor(also)]);

    const asStranger = localRemote({ shell, uid: STRANGER });
    const { of, user } = await scanBy(asStranger);
    expect(user).toEqual({ uid: STRANGER, name: `${STRANGER}`, groups: [STRANGER] });
    expect(of(pids.mine!)).toMatchObject({
      monitors: [{ path: sockets.mine }],
      problem: { reason: 'another-user' },
    });
    expect(of(pids.mine!)?.recipe?.notStartable).toBe('It runs as another user: start it as that user.');
    expect(of(pids.root!)).toMatchObject({
      monitors: [],
      problem: {
        reason: 'permission',
        detail: `The socket ${sockets.root} belongs to root:root (srwxr-xr-x), and ${STRANGER} may not connect to it.`,
        remedy: expect.stringMatching(
          new RegExp(`^Connect as root\\. .*sudo setfacl -m u:${STRANGER}:rw '${sockets.root}'$`),
        ),
      },
    });
    expect(of(pids.group!)?.problem?.remedy).toMatch(
      new RegExp(`^On the host, run: sudo usermod -aG \\S+ ${STRANGER}\\.`),
    );
    expect(of(pids.inside!)?.problem?.detail).toBe(
      `The folder ${closed} above its socket ${sockets.inside} belongs to root:root (drwx------), and ${STRANGER} may not enter it.`,
    );
    expect(of(both)).toMatchObject({ monitors: [{ path: also }] });
    expect(of(both)?.problem?.reason).not.toBe('permission');

    const inGroup = await scanBy(localRemote({ shell, uid: STRANGER, groups: [106] }));
    expect(inGroup.of(pids.group!)?.monitors).toHaveLength(1);
    const asRoot = await scanBy(localRemote({ shell }));
    expect(asRoot.of(pids.root!)?.problem).toBeUndefined();
  });

  it.skipIf(!isRoot)('lists what another user’s process says of itself, and says so', async () => {
    const pid = await real.start(
      real.program(),
      [...IDLE, '-name', 'theirs', '-qmp', 'tcp:127.0.0.1:4444,server=on'],
      {
        uid: STRANGER + 1,
        argv0: 'qemu-system-x86_64',
      },
    );
    const { of } = await scanBy(localRemote({ shell, uid: STRANGER }));
    expect(of(pid)).toMatchObject({
      name: 'theirs',
      monitors: [{ kind: 'tcp', host: '127.0.0.1', port: 4444 }],
      problem: { reason: 'another-user' },
      recipe: { cwd: null, notStartable: 'It runs as another user: start it as that user.' },
    });
  });

  it('finds inherited sockets by their descriptors', async () => {
    const path = join(real.folder, 'fd.qmp');
    await listen(path);
    const { fd } = (servers[0] as unknown as { _handle: { fd: number } })._handle;
    const { spawn } = await import('node:child_process');
    const args = [
      ...IDLE,
      '-chardev',
      'socket,id=m,fd=3,server=on,wait=off',
      '-mon',
      'chardev=m,mode=control',
    ];
    const child = spawn(real.program(), args, { stdio: ['pipe', 'ignore', 'ignore', fd] });
    try {
      const { of } = await scanBy(localRemote({ shell }));
      expect(of(child.pid!)?.monitors).toEqual([{ kind: 'unix', path }]);
      expect(of(child.pid!)?.recipe?.notStartable).toContain('-chardev fd=3');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.skipIf(isMissing('QEMU', existsSync('/usr/bin/qemu-system-x86_64')))(
    'finds a real QEMU, and the folder that -daemonize left',
    async () => {
      const { execFileSync } = await import('node:child_process');
      const disk = join(real.folder, 'disk.img');
      writeFileSync(disk, Buffer.alloc(1024 * 1024));
      const args =
        '-machine none -nodefaults -display none -daemonize -name real -pidfile pid -drive if=none,file=disk.img,format=raw,id=d'.split(
          ' ',
        );
      execFileSync('/usr/bin/qemu-system-x86_64', [...args, ...monitor('real.qmp')], {
        cwd: real.folder,
        env: { PWD: real.folder, PATH: process.env.PATH },
      });
      const { readFileSync } = await import('node:fs');
      const pid = Number(readFileSync(join(real.folder, 'pid'), 'utf8'));
      try {
        const { of, emulators } = await scanBy(localRemote({ shell }));
        expect(of(pid)).toMatchObject({
          name: 'real',
          monitors: [{ kind: 'unix', path: join(real.folder, 'real.qmp') }],
        });
        expect(of(pid)?.recipe).toEqual({
          executable: '/usr/bin/qemu-system-x86_64',
          args: [...args, ...monitor('real.qmp')],
          cwd: real.folder,
          daemonizes: true,
          startsPaused: false,
        });
        expect(emulators).toContain('/usr/bin/qemu-system-x86_64');
      } finally {
        process.kill(pid, 'SIGKILL');
      }
    },
  );
});

describe('other login shells', () => {
  it.each(['fish', 'tcsh', 'bash'].filter((shell) => existsSync(`/usr/bin/${shell}`)))(
    '%s',
    async (login) => {
      const pid = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
      const { of } = await scanBy(localRemote({ login: [`/usr/bin/${login}`, '-c'] }));
      expect(of(pid)?.monitors).toHaveLength(1);
    },
  );
});

it('says what is wrong where there is no /proc', async () => {
  const remote = localRemote();
  const records = ['not-linux FreeBSD', 'end'];
  const exec: LocalRemote['exec'] = async (command, options) => {
    const token = options?.stdin?.trim() ?? '';
    const marker = /echo ([0-9a-f]{32}) \$/.exec(command)?.[1] ?? '';
    const stdout = Buffer.from(
      `${marker}\n${token}\n${records.map((head) => `\n${token} ${head}\n`).join('')}${marker} 0\n`,
    );
    return { stdout, stderr: Buffer.alloc(0), code: 0 };
  };
  await expect(scanBy({ ...remote, exec })).rejects.toMatchObject({
    name: 'HostError',
    message: 'It runs FreeBSD: guests are listed on Linux hosts only.',
  });
});

it('says that a login shell runs no commands', async () => {
  await expect(scanBy(localRemote({ login: ['/bin/false'] }))).rejects.toMatchObject({
    name: 'HostError',
    message: 'Its processes cannot be listed: Its shell did not run a script.',
    remedy: expect.stringContaining('login shell'),
  });
});
