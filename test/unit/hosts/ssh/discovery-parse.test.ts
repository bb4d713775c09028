import { describe, expect, it } from 'vitest';
import { NotLinuxError, parseSurvey } from '../../../../main/hosts/ssh/discovery-parse';
import type { HostRecord } from '../../../../main/hosts/ssh/records';

const record = (head: string, body = ''): HostRecord => {
  const [name = '', ...words] = head.split(' ');
  return { name, words, body };
};
const STAT = '812 (qemu-system-x86) S 1 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 98765 1 2 3\n';
const LS = (link: string, target?: string): string =>
  `lrwxrwxrwx 1 1000 1000 0 Nov 22 21:21 /proc/812/${link}${target === undefined ? '' : ` -> ${target}`}`;
const HOST = [
  record('host 5000.25', 'nas\n'),
  record('id', 'uid=1000(me) gid=1000(me) groups=1000(me),36(kvm),1001(domain users)\n'),
];
const survey = (...records: HostRecord[]) => parseSurvey([...HOST, ...records]);
const process = (...records: HostRecord[]) =>
  survey(record('process 812', STAT), record('uid 812 1000'), record('command 812', 'kvm\0-S\0'), ...records)
    .processes[0];

describe('parseSurvey', () => {
  it('reads the host', () => {
    expect(
      survey(
        record('hidden'),
        record('emulator', '/usr/bin/kvm\n'),
        record('proxmox 100 812'),
        record('known 7 1'),
      ),
    ).toMatchObject({
      hostName: 'nas',
      uptimeSeconds: 5000.25,
      user: { uid: 1000, name: 'me', groups: [1000, 36, 1001] },
      othersHidden: true,
      emulators: ['/usr/bin/kvm'],
      proxmox: new Map([[100, 812]]),
      known: new Map([[7, 1]]),
      addresses: null,
      processes: [],
    });
  });

  it('reads a process', () => {
    const lines = [
      LS('cwd', '/home/me/vm -> x'),
      LS('exe', '/usr/bin/kvm (deleted)'),
      LS('ns/mnt', 'mnt:[1]'),
      LS('ns/net'),
      LS('root', '/'),
    ];
    expect(process(record('links', `${lines.join('\n')}\n`))).toEqual({
      pid: 812,
      stat: { comm: 'qemu-system-x86', parent: 1, startTicks: 98765 },
      euid: 1000,
      links: new Map([
        ['cwd', { target: '/home/me/vm -> x', exact: true }],
        ['exe', { target: '/usr/bin/kvm (deleted)', exact: true }],
        ['ns/mnt', { target: 'mnt:[1]', exact: true }],
        ['ns/net', { target: null, exact: true }],
        ['root', { target: '/', exact: true }],
      ]),
      command: { kind: 'bytes', bytes: Buffer.from('kvm\0-S\0') },
      files: new Map(),
      pwd: null,
    });
  });

  it('believes neither of two lines for one link', () => {
    const links = process(record('links', `${LS('exe', '/tmp/x')}\n${LS('exe', '/usr/bin/kvm')}\n`))?.links;
    expect(links?.get('exe')).toEqual({ target: null, exact: true });
  });

  it('takes what readlink prints as it is, and what ls prints with a ? in it as not known', () => {
    expect(process(record('link 812 cwd', '/a?\nb\n\n'))?.links.get('cwd')).toEqual({
      target: '/a?\nb\n',
      exact: true,
    });
    expect(process(record('link 812 cwd'))?.links.get('cwd')?.target).toBeNull();
    expect(process(record('listed 812', `${LS('cwd', '/a\nb')}\n`))?.links.get('cwd')).toEqual({
      target: '/a\nb',
      exact: true,
    });
    expect(process(record('listed 812', `${LS('cwd', '/m?ller')}\n`))?.links.get('cwd')?.exact).toBe(false);
    expect(process(record('link 812 cwd', '/\u00ff\n'))?.links.get('cwd')?.exact).toBe(false);
  });

  it('reads descriptors and the folder of the environment', () => {
    const fds =
      'total 0\nlr-x------ 1 0 0 64 Nov 22 21:21 0 -> /dev/null\nlrwx------ 1 0 0 64 Nov 22 21:21 11 -> /vm/5 -> 6\n';
    const seen = process(record('files 812', fds), record('pwd 812', '/link/vm\n/real/vm\n'));
    expect(seen?.files).toEqual(
      new Map([
        [0, '/dev/null'],
        [11, '/vm/5 -> 6'],
      ]),
    );
    expect(seen?.pwd).toEqual({ stated: '/link/vm', real: '/real/vm' });
    expect(process(record('pwd 812', '/gone\n'))?.pwd).toEqual({ stated: '/gone', real: null });
  });

  it('leaves out a zombie, and one that ended while it was read', () => {
    expect(
      survey(record('process 812', STAT.replace(') S', ') Z')), record('command 812')).processes,
    ).toEqual([]);
    expect(survey(record('process 812', STAT)).processes).toEqual([]);
  });

  it('knows a command line that is hidden from one that is too long', () => {
    expect(process(record('command-denied 812'))?.command).toEqual({ kind: 'denied' });
    const long = survey(record('process 812', STAT), record('command 812', 'x'.repeat(131_072)));
    expect(long.processes[0]?.command).toEqual({ kind: 'too-long' });
  });

  it.each([
    [
      'ip',
      '2: eth0: <UP>\n    link/ether 52:54:00:00:00:01\n    inet 192.168.1.5/24 brd 192.168.1.255 scope global eth0\n    inet6 FE80::1/64 scope link\n',
    ],
    [
      'ifconfig',
      'eth0: flags=4163\n        inet 192.168.1.5  netmask 255.255.255.0\n        inet6 fe80::1  prefixlen 64\n',
    ],
    [
      'an old ifconfig',
      'eth0  Link encap:Ethernet\n  inet addr:192.168.1.5  Bcast:192.168.1.255\n  inet6 addr: fe80::1/64 Scope:Link\n',
    ],
  ])('reads the addresses that %s prints', (_program, text) => {
    expect(survey(record('addresses', text)).addresses).toEqual(['192.168.1.5', 'fe80::1']);
  });

  it('refuses what has no user or no uptime', () => {
    expect(() => parseSurvey([HOST[0]!])).toThrow('which user is connected');
    expect(() => parseSurvey([HOST[1]!])).toThrow('how long it has been up');
  });

  it('knows another system', () => {
    expect(() => parseSurvey([record('not-linux Darwin')])).toThrow(NotLinuxError);
  });
});
