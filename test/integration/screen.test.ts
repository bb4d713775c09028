import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock } from '../../main/clock';
import { thisComputer } from '../../main/hosts/this-computer';
import type { Machine } from '../../main/hypervisors/machine';
import { createQemuMachine } from '../../main/hypervisors/qemu/machine';
import type { GuestScreen } from '../../preload/contract/view';
import { until } from '../guest/deadline';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const noQemu = isMissing('QEMU', spawnSync('qemu-system-x86_64', ['--version']).status === 0);
const PNG = [0x89, 0x50, 0x4e, 0x47];

let directory: string;
const ends: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'screen-'));
  chmodSync(directory, 0o777);
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await rm(directory, { recursive: true });
});

/** A QEMU that shows its firmware's messages: no system, no disk to boot from. */
function startQemu(name: string, more: readonly string[], as: readonly string[] = []): { pid: number; qmp: string } {
  const qmp = path.join(directory, `${name}.qmp`);
  const base = ['-name', name, '-machine', 'pc', '-accel', 'tcg', '-m', '32', '-nodefaults', '-display', 'none'];
  const argv = [...as, 'qemu-system-x86_64', ...base, '-qmp', `unix:${qmp},server=on,wait=off`, ...more];
  const qemu: ChildProcess = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });
  ends.push(async () => {
    const gone = once(qemu, 'exit');
    if (qemu.kill('SIGKILL')) await gone;
  });
  return { pid: qemu.pid ?? 0, qmp };
}

/** The machine of a QEMU of this computer, with its monitor connected. */
async function machineOf({ pid, qmp }: { pid: number; qmp: string }): Promise<Machine> {
  const host = thisComputer({ clock, logDir: directory, scan: () => Promise.resolve([]), libvirtPlaces: [] });
  const target = { pid, monitors: [{ kind: 'unix' as const, path: qmp }], agent: null, machineType: null };
  const machine = createQemuMachine(target, host, clock);
  ends.push(() => machine.close());
  await until(20_000, 'the monitor is connected', async () => {
    await machine.look();
    return machine.control.status === 'ready' ? true : undefined;
  });
  return machine;
}

const leftovers = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('reveille-file-'));

describe.skipIf(noQemu)('a real QEMU', () => {
  test('gives a picture of its screen, and nothing of it stays on the disk', async () => {
    const machine = await machineOf(startQemu('lit', ['-vga', 'std']));
    const before = await leftovers();
    const { mime, bytes } = await machine.screenshot();
    const version = await machine.facts();
    const knowsPng = 'value' in version.hypervisor && /QEMU (7\.[1-9]|[89]\.|\d\d)/.test(version.hypervisor.value);
    expect(mime).toBe(knowsPng ? 'image/png' : 'image/x-portable-pixmap');
    if (knowsPng) {
      expect([...bytes.subarray(0, 4)]).toEqual(PNG);
      const size = Buffer.from(bytes);
      expect([size.readUInt32BE(16), size.readUInt32BE(20)].every((pixels) => pixels >= 320)).toBe(true);
    }
    expect(await leftovers()).toEqual(before);
  });

  test('without a display device has no screen', async () => {
    const machine = await machineOf(startQemu('headless', ['-vga', 'none']));
    await expect(machine.screenshot()).rejects.toThrow(/^It has no screen\.$/);
  });

  test.skipIf(process.getuid?.() !== 0)('of another user cannot write the picture, and says so', async () => {
    const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const machine = await machineOf(startQemu('theirs', ['-vga', 'std'], as));
    await expect(machine.screenshot()).rejects.toThrow(/^QEMU could not write the picture for you: it runs as another user/);
  });

  test('tells what it uses', async () => {
    const drive = ['-drive', 'driver=null-co,size=1M,read-zeroes=on,if=ide', '-device', 'virtio-balloon-pci'];
    const machine = await machineOf(startQemu('busy', ['-vga', 'std', ...drive]));
    const first = await machine.stats();
    expect(first).toMatchObject({ memoryMiB: { value: 32 }, cpuPercent: { missing: 'Being measured.' } });
    expect(first.memoryUsedMiB).toEqual({ missing: 'Its balloon is not asked to report.' });
    const second = await machine.stats();
    expect(second).toMatchObject({ diskRead: { value: expect.any(Number) }, netSent: { missing: 'QEMU does not tell.' } });
    if (process.platform === 'linux') expect(second.cpuPercent).toMatchObject({ value: expect.any(Number) });
  });
});

describe.skipIf(noQemu || isMissing('OpenSSH', sshdPresent))('a real QEMU behind a real sshd', () => {
  let app: TestApp;
  let sshd: TestSshd;

  beforeAll(async () => {
    const key = makeKey(directory);
    sshd = await startSshd({ authorizedKeys: [key] });
    ends.push(() => sshd.stop());
    const config = path.join(directory, '.ssh', 'config');
    await mkdir(path.dirname(config));
    const lines = ['Host nas', 'HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.user}`, `IdentityFile ${key.path}`];
    await writeFile(config, lines.join('\n'));
    const local = { user: 'nobody', uid: 1, home: directory, hostName: 'here', env: {} };
    app = await startTestApp({ ssh: { places: { user: config, system: null, home: directory }, local, usualAgent: () => null } });
    ends.push(() => app.stop());
    startQemu('far-lit', ['-vga', 'std']);
    startQemu('far-headless', ['-vga', 'none']);
    await app.call('addHost', { address: 'nas', name: '' });
    const prompt = await app.until('the question', ({ prompts }) => Object.values(prompts)[0], 30_000);
    await app.call('answerHostKey', { promptId: prompt.id, answer: 'once' });
    for (const name of ['far-lit', 'far-headless']) await app.untilGuest(name, ({ actions }) => actions.pause.available, 30_000);
  });

  const screen = async (name: string): Promise<GuestScreen> => app.call('guestScreen', { guestId: app.guest(name).id });

  test('shows its screen, and nothing of it stays there', async () => {
    const before = await leftovers();
    const shown = await screen('far-lit');
    if ('missing' in shown) throw new Error(shown.missing);
    const bytes = Buffer.from(shown.data, 'base64');
    expect(shown.mime === 'image/png' ? [...bytes.subarray(0, 4)] : bytes.toString('latin1', 0, 2)).toEqual(
      shown.mime === 'image/png' ? PNG : 'P6',
    );
    expect(await leftovers()).toEqual(before);
    expect(await screen('far-headless')).toEqual({ missing: 'It has no screen.' });
  });

  test('tells what it uses', async () => {
    const { id } = app.guest('far-lit');
    expect(await app.call('guestStats', { guestId: id })).toMatchObject({ cpuPercent: { missing: 'Being measured.' } });
    expect(await app.call('guestStats', { guestId: id })).toMatchObject({ cpuPercent: { value: expect.any(Number) } });
  });

  test('is not changed by a plain QEMU’s fix', async () => {
    const refused = await app.tryCall('readMending', { guestId: app.guest('far-lit').id, fix: 'enable-sleep' });
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'unsupported' } });
  });
});
