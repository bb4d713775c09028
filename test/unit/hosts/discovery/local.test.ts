import { afterEach, describe, expect, it } from 'vitest';
import { createScanDeps, scanThisComputer } from '../../../../main/hosts/discovery/local';
import { fakeClock } from '../../../fakes/clock';
import { procTree, type ProcTree } from './proc-tree';

const trees: ProcTree[] = [];
afterEach(() => trees.splice(0).forEach((tree) => tree.dispose()));

function recording(answer: string) {
  const commands: string[] = [];
  const deps = createScanDeps(fakeClock(), (command) => {
    commands.push(command);
    return Promise.resolve(answer);
  });
  return { commands, deps };
}

describe('scanThisComputer', () => {
  it('reads /proc on Linux and runs nothing', async () => {
    const tree = procTree();
    trees.push(tree);
    tree.add({ pid: 7, argv: ['qemu-system-x86_64', '-name', 'a'] });
    const { commands, deps } = recording('');
    const guests = await scanThisComputer('linux', { ...deps, procRoot: tree.root });
    expect(guests.map(({ name }) => name)).toEqual(['a']);
    expect(commands).toEqual([]);
  });

  it('asks ps on macOS and PowerShell on Windows', async () => {
    const mac = recording('  7  501 Sun Nov 22 18:20:11 2026 qemu-system-x86_64 -name a\n');
    expect((await scanThisComputer('darwin', mac.deps)).map(({ name }) => name)).toEqual(['a']);
    expect(mac.commands).toEqual(['/usr/bin/env', '/usr/sbin/lsof']);
    const windows = recording('{"ProcessId":7,"CommandLine":"qemu-system-x86_64.exe -name b"}');
    expect((await scanThisComputer('win32', windows.deps)).map(({ name }) => name)).toEqual(['b']);
    expect(windows.commands).toEqual([expect.stringMatching(/powershell\.exe$/)]);
  });

  it('says so where it cannot', async () => {
    await expect(scanThisComputer('aix', recording('').deps)).rejects.toThrow(/aix/);
  });
});
