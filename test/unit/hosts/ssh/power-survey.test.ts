import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NotLinuxError } from '../../../../main/hosts/ssh/discovery-parse';
import { networkOf, type SeenInterface } from '../../../../main/hosts/ssh/network-cards';
import { parsePower, powerScript } from '../../../../main/hosts/ssh/power-survey';
import { runScript, type HostRecord } from '../../../../main/hosts/ssh/records';
import { localRemote, SHELLS } from './local-remote';

const record = (head: string, body = ''): HostRecord => {
  const [name = '', ...words] = head.split(' ');
  return { name, words, body };
};

describe('what a host tells', () => {
  it('is read', () => {
    const told = parsePower(
      [
        ...[record('user 1000', 'sam\n'), record('boot', 'b-1\n'), record('slept', '7\n'), record('states', 'freeze mem disk\n'), record('alarm')],
        ...[record('program sudo', '/usr/bin/sudo\n'), record('program rtcwake', '/usr/sbin/rtcwake\n'), record('program evil', '/x\n'), record('may rtcwake')],
        ...[record('server 192.168.1.5'), record('addresses', '2: eth0    inet 192.168.1.5/24 brd 192.168.1.255 scope global eth0\n')],
        record('card eth0 device 52:54:00:AB:CD:EF 1 enabled'),
      ],
      true,
    );
    expect(told).toEqual({
      user: { uid: 1000, name: 'sam' },
      bootId: 'b-1',
      slept: 7,
      states: ['freeze', 'mem', 'disk'],
      hasAlarm: true,
      programs: { sudo: '/usr/bin/sudo', rtcwake: '/usr/sbin/rtcwake' },
      sudo: { rtcwake: true, systemctl: false },
      network: { address: '192.168.1.5', prefix: 24, cards: [{ name: 'eth0', mac: '52:54:00:ab:cd:ef', wakes: true }] },
    });
  });

  it('may be little', () => {
    expect(parsePower([record('user 0', 'root\n'), record('server'), record('addresses')], false)).toEqual({
      ...{ user: { uid: 0, name: 'root' }, bootId: null, slept: null, states: [], hasAlarm: false, programs: {}, sudo: null },
      network: { address: null, prefix: null, cards: [] },
    });
  });

  it('is no Linux, or nothing', () => {
    expect(() => parsePower([record('not-linux FreeBSD')], false)).toThrow(NotLinuxError);
    expect(() => parsePower([record('boot', 'x')], false)).toThrow('id');
  });
});

describe('the way into a host', () => {
  const device = (name: string, over: Partial<SeenInterface> = {}): SeenInterface => ({
    ...{ name, isDevice: true, mac: `52:54:00:00:00:0${name.at(-1) ?? ''}`, carrier: true, wakes: null, lower: [] },
    ...over,
  });
  const made = (name: string, ...lower: string[]): SeenInterface => ({ ...device(name), isDevice: false, mac: '02:00:00:00:00:01', lower });
  const addresses = (name: string) => `1: lo    inet 127.0.0.1/8 scope host lo\n7: ${name}    inet 10.0.0.5/8 brd 10.255.255.255 scope global ${name}\n7: ${name}    inet6 fd00::5/64 scope global`;
  const cards = (at: string, interfaces: SeenInterface[], server = '10.0.0.5') => networkOf(server, addresses(at), interfaces).cards.map(({ name }) => name);

  it('is the card itself', () => expect(cards('eth1', [device('eth1'), device('eth2')])).toEqual(['eth1']));

  it('is the card below a bridge, not a guest’s', () => {
    expect(cards('br0', [made('br0', 'eth1', 'tap0'), device('eth1'), made('tap0')])).toEqual(['eth1']);
  });

  it('are the cards of a bond below a VLAN; those with a cable, where one has', () => {
    const stack = [made('vlan7', 'bond0'), made('bond0', 'eth1', 'eth2'), device('eth1'), device('eth2', { carrier: false })];
    expect(cards('vlan7', stack)).toEqual(['eth1']);
    expect(cards('bond0', [...stack.slice(1, 2), device('eth1', { carrier: false }), device('eth2', { carrier: false })])).toEqual(['eth1', 'eth2']);
  });

  it('goes round no circle', () => expect(cards('br0', [made('br0', 'br1'), made('br1', 'br0')])).toEqual([]));

  it.each(['', '10.0.0.6', '127.0.0.1'])('is not known for %j', (server) => expect(cards('eth1', [device('eth1')], server)).toEqual([]));

  it('of an IPv6 connection has the interface’s IPv4 network; an IPv4 one may be within IPv6', () => {
    expect(networkOf('fd00::5', addresses('eth1'), [device('eth1')])).toMatchObject({ address: '10.0.0.5', prefix: 8, cards: [{ name: 'eth1' }] });
    expect(networkOf('::ffff:10.0.0.5', addresses('eth1@if3'), [device('eth1')])).toMatchObject({ address: '10.0.0.5', cards: [{ name: 'eth1' }] });
  });

  it('is no card without an address of its own', () => {
    expect(cards('eth1', [device('eth1', { mac: '00:00:00:00:00:00' })])).toEqual([]);
    expect(cards('eth1', [device('eth1', { mac: '-' })])).toEqual([]);
  });
});

/** Stand-ins come first on PATH, and the script runs none but sudo, with -n -l. */
describe.runIf(process.platform === 'linux').each(SHELLS)('with %s, the script', (shell) => {
  let folder: string;
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const survey = async (uid: number, permissions: boolean) => {
    folder = mkdtempSync(join(tmpdir(), 'power-survey-'));
    chmodSync(folder, 0o777);
    const calls = join(folder, 'calls');
    writeFileSync(calls, '');
    chmodSync(calls, 0o666);
    const scripts = { sudo: 'case $* in *rtcwake*) exit 0;; esac; exit 1', rtcwake: 'exit 0', systemctl: 'exit 0', ip: "echo '3: eth9    inet 10.9.9.9/24 scope global'" };
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >> '${calls}'\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const env = { PATH: `${folder}:/usr/bin:/bin`, SSH_CONNECTION: '10.9.9.1 4000 10.9.9.9 22' };
    const remote = localRemote({ shell, env, ...(uid === 0 ? {} : { uid }) });
    const told = parsePower(await runScript(remote, powerScript(permissions)), permissions);
    return { told, calls: readFileSync(calls, 'utf8').trim().split('\n'), folder };
  };

  it('tells what is there, and runs nothing', async () => {
    const { told, calls, folder: bin } = await survey(0, true);
    expect(calls).toEqual(['ip -o addr show']);
    expect(told.programs).toMatchObject({ sudo: `${bin}/sudo`, rtcwake: `${bin}/rtcwake`, systemctl: `${bin}/systemctl` });
    expect(told.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(told.network).toMatchObject({ address: '10.9.9.9', prefix: 24 });
  });

  it.skipIf(process.getuid?.() !== 0)('asks sudo only what it would let a user do', async () => {
    const { told, calls, folder: bin } = await survey(54_321, true);
    expect(calls.filter((call) => call.startsWith('sudo'))).toEqual([`sudo -n -l -- ${bin}/rtcwake -m mem -s 3600`, `sudo -n -l -- ${bin}/systemctl suspend`]);
    expect(calls.filter((call) => !/^(sudo|ip) /.test(call))).toEqual([]);
    expect(told.sudo).toEqual({ rtcwake: true, systemctl: false });
  });

  it.skipIf(process.getuid?.() !== 0)('asks sudo nothing unless it is to', async () => {
    expect((await survey(54_321, false)).calls).toEqual(['ip -o addr show']);
  });
});
