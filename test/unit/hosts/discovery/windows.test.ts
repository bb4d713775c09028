import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProcessListMemory } from '../../../../main/hosts/discovery/process-list';
import { scanWindows } from '../../../../main/hosts/discovery/windows';

const LIST = readFileSync(new URL('fixtures/windows-list.json', import.meta.url), 'utf8');
const scan = (text: string) =>
  scanWindows({
    run: () => Promise.resolve(text),
    memory: createProcessListMemory(),
    localHosts: () => new Set(),
  });
const found = async (pid: number) => (await scan(LIST)).find((guest) => guest.pid === pid);

describe('scanWindows', () => {
  it('asks PowerShell, without a shell', async () => {
    const calls: [string, readonly string[]][] = [];
    const run = (command: string, args: readonly string[]) => {
      calls.push([command, args]);
      return Promise.resolve('');
    };
    expect(await scanWindows({ run, memory: createProcessListMemory() })).toEqual([]);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.[0]).toMatch(/^[A-Z]:\\.*\\powershell\.exe$/);
    expect(calls[0]?.[1]).toContain('-NonInteractive');
    expect(calls[0]?.[1].at(-1)).toMatch(
      /^\[Console\]::OutputEncoding.*; Get-CimInstance Win32_Process .*ConvertTo-Json/,
    );
  });

  it('reads a guest with spaces in its paths', async () => {
    expect(await found(4120)).toMatchObject({
      startedAt: 1_795_377_600_123,
      name: 'Debian 12',
      memoryMiB: 4096,
      vcpus: 4,
      monitors: [{ kind: 'tcp', host: '127.0.0.1', port: 4444 }],
      agent: { address: { kind: 'tcp', host: '127.0.0.1', port: 4445 }, chardev: 'qga0' },
      recipe: {
        executable: 'C:\\Program Files\\qemu\\qemu-system-x86_64.exe',
        cwd: 'C:\\Program Files\\qemu',
      },
    });
    const recipe = (await found(4120))?.recipe;
    expect(recipe?.args.slice(0, 2)).toEqual(['-name', 'Debian 12']);
    expect(recipe?.args[9]).toBe('file=C:\\Users\\Ana Lima\\VMs\\debian 12.qcow2,if=virtio');
    expect(recipe).not.toHaveProperty('notStartable');
  });

  it('reads named pipes, and does not start what depends on an unknown folder', async () => {
    const guest = await found(5236);
    expect(guest).toMatchObject({ name: 'xp', monitors: [{ kind: 'pipe', path: '\\\\.\\pipe\\qmp-xp' }] });
    expect(guest?.recipe?.notStartable).toMatch(/folder.*Windows/);
  });

  it('says that unix sockets cannot be used there', async () => {
    expect(await found(6001)).toMatchObject({
      startedAt: null,
      name: 'unix',
      monitors: [],
      problem: { reason: 'monitor-unreachable', detail: expect.stringMatching(/Windows/) as string },
    });
    expect((await found(6001))?.recipe?.args.at(-1)).toBe('name=opt/x,string=say "hi" \\\\\\\\srv\\');
  });

  it("lists another user's process without facts", async () => {
    expect(await found(7777)).toMatchObject({ recipe: null, problem: { reason: 'command-line-unreadable' } });
  });

  it('takes one process as PowerShell prints it: not in a list', async () => {
    const one =
      '{"ProcessId":7,"CommandLine":"qemu-system-x86_64.exe -name a","ExecutablePath":"C:\\\\q.exe","Started":5}\r\n';
    expect((await scan(one)).map(({ name }) => name)).toEqual(['a']);
    expect(await scan('\r\n')).toEqual([]);
    expect(await scan('[null, 5, {"ProcessId":"x"}]')).toEqual([]);
  });

  it('fails with what was printed when that is no list', async () => {
    await expect(scan('Get-CimInstance : Access denied')).rejects.toThrow(/Access denied/);
  });
});
