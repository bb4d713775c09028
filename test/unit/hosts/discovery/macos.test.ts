import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanMacos } from '../../../../main/hosts/discovery/macos';
import { createProcessListMemory } from '../../../../main/hosts/discovery/process-list';
import { splitPsCommand } from '../../../../main/hosts/discovery/ps-arguments';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const PS = fixture('macos-ps.txt');
const LSOF = fixture('macos-lsof.txt');

function recording({ ps = PS, lsof = () => Promise.resolve(LSOF) } = {}) {
  const calls: string[][] = [];
  const memory = createProcessListMemory();
  const run = (command: string, args: readonly string[]) => {
    calls.push([command, ...args]);
    return command.endsWith('lsof') ? lsof() : Promise.resolve(ps);
  };
  const scan = () => scanMacos({ run, memory, uid: 501, localHosts: () => new Set() });
  return { calls, scan, found: async (pid: number) => (await scan()).find((guest) => guest.pid === pid) };
}

describe('scanMacos', () => {
  it('lists QEMUs and nothing that only mentions them', async () => {
    expect((await recording().scan()).map(({ pid }) => pid)).toEqual([1377, 1402, 1555, 1701, 1900]);
  });

  it('reads a guest whose command can be split in one way', async () => {
    const guest = await recording().found(1377);
    expect(guest).toMatchObject({
      startedAt: Date.UTC(2026, 10, 22, 18, 31, 40),
      name: 'debian',
      memoryMiB: 4096,
      vcpus: 4,
      machine: 'virt',
      monitors: [{ kind: 'unix', path: '/Users/ana/vms/debian.qmp' }],
      agent: { address: { kind: 'unix', path: '/Users/ana/vms/debian.qga' }, chardev: 'qga0' },
      recipe: { executable: '/opt/homebrew/Cellar/qemu/10.1.2/bin/qemu-system-aarch64', cwd: '/Users/ana' },
    });
    expect(guest?.recipe).not.toHaveProperty('notStartable');
    expect(guest).not.toHaveProperty('problem');
  });

  it('keeps spaces in a path, and then does not promise to repeat the command', async () => {
    const guest = await recording().found(1402);
    expect(guest).toMatchObject({
      startedAt: Date.UTC(2026, 10, 1, 7, 5, 9),
      name: 'Windows XP',
      monitors: [{ kind: 'tcp', host: '127.0.0.1', port: 4444 }],
    });
    expect(guest?.recipe?.args).toContain('/Users/ana/My Virtual Machines/Windows XP.qcow2');
    expect(guest?.recipe?.notStartable).toBe("The exact command can't be read on this system.");
  });

  it('finds relative sockets by the working folder', async () => {
    const { found, scan, calls } = recording();
    expect(await found(1555)).toMatchObject({
      monitors: [{ kind: 'unix', path: '/Users/ana/vms/old stuff/qmp.sock' }],
      recipe: { cwd: '/Users/ana/vms/old stuff' },
    });
    await scan();
    const lsof = calls.filter(([command]) => command === '/usr/sbin/lsof');
    // 1801 is a script and not asked for; 1950 turns out to be something else.
    expect(lsof).toEqual([
      [
        '/usr/sbin/lsof',
        '-w',
        '-a',
        '-p',
        '1377,1402,1555,1701,1803,1900,1950',
        '-d',
        'cwd,txt',
        '-F',
        'pfn',
      ],
    ]);
  });

  it('does without lsof, saying what is missing, and asks again', async () => {
    const { found, calls } = recording({ lsof: () => Promise.reject(new Error('status 1')) });
    expect(await found(1555)).toMatchObject({
      monitors: [],
      problem: { reason: 'monitor-unreachable' },
      recipe: { cwd: null, notStartable: "The program's file can't be read on this system." },
    });
    expect((await found(1377))?.monitors).toHaveLength(1);
    expect(calls.filter(([command]) => command?.endsWith('lsof'))).toHaveLength(2);
  });

  it("knows UTM's guests, whose monitor UTM keeps", async () => {
    expect(await recording().found(1701)).toMatchObject({
      name: 'Windows 11',
      uuid: 'ed13c6c7-751c-422f-a104-9d4328cfc6d2',
      monitors: [],
      problem: { reason: 'monitor-unreachable', detail: expect.stringMatching(/spiceport/) as string },
      recipe: { notStartable: expect.stringMatching(/UTM/) as string },
    });
  });

  it("does not start another user's guest", async () => {
    const guest = await recording().found(1900);
    expect(guest?.monitors).toEqual([{ kind: 'unix', path: '/var/run/rooted.qmp' }]);
    expect(guest?.recipe?.notStartable).toMatch(/another user/);
  });

  it('finds nothing in nothing, and fails when ps does', async () => {
    const { scan, calls } = recording({ ps: '' });
    expect(await scan()).toEqual([]);
    expect(calls).toHaveLength(1);
    const failing = {
      run: () => Promise.reject(new Error('ps failed')),
      memory: createProcessListMemory(),
      uid: 501,
    };
    await expect(scanMacos(failing)).rejects.toThrow('ps failed');
  });
});

describe('splitPsCommand', () => {
  it.each([
    ['qemu-system-x86_64', [], true],
    ['qemu-system-x86_64 -S -m 2G', ['-S', '-m', '2G'], true],
    ['qemu-system-x86_64 disk.img -S', ['disk.img', '-S'], true],
    ['qemu-system-x86_64 -name My VM -S', ['-name', 'My VM', '-S'], false],
    ['qemu-system-x86_64 -append quiet -snapshot', ['-append', 'quiet', '-snapshot'], false],
    ['qemu-system-x86_64 -name  -S', ['-name', '', '-S'], false],
    ['qemu-system-x86_64 a b.img', ['a b.img'], false],
    ['qemu-system-x86_64 -newflag -S', ['-newflag', '-S'], true],
    ['qemu-system-x86_64 -newopt x -S', ['-newopt', 'x', '-S'], false],
  ])('splits "%s"', (command, args, unambiguous) => {
    expect(splitPsCommand(command)).toEqual({ program: 'qemu-system-x86_64', args, unambiguous });
  });

  it.each([
    '',
    'bash',
    'vim qemu-system-x86_64',
    '/bin/sh /x/qemu-system-x86_64 -S',
    '/usr/bin/man qemu-system-x86_64',
  ])('sees no QEMU in "%s"', (command) => {
    expect(splitPsCommand(command)).toBeNull();
  });

  it('keeps spaces in the path of the program', () => {
    expect(splitPsCommand('/Users/me/My Apps/qemu-system-x86_64 -S')).toMatchObject({
      program: '/Users/me/My Apps/qemu-system-x86_64',
      args: ['-S'],
    });
  });

  it('gives back every command without spaces in its arguments, and loses no word of any other', () => {
    const word = fc.stringMatching(/^[a-z/=.,0-9]{1,12}$/);
    const option = fc.oneof(
      fc.constantFrom(['-S'], ['-nodefaults'], ['--snapshot']),
      fc.tuple(fc.constantFrom('-name', '-m', '-qmp', '--drive', '-device'), word),
    );
    fc.assert(
      fc.property(fc.array(option, { maxLength: 10 }), (options) => {
        const args = options.flat();
        expect(splitPsCommand(['/opt/qemu-kvm', ...args].join(' '))).toEqual({
          program: '/opt/qemu-kvm',
          args,
          unambiguous: true,
        });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(splitPsCommand(`qemu-kvm -S ${text}`)?.args.join(' ')).toBe(`-S ${text}`);
      }),
    );
  });
});
