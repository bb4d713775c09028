import { describe, expect, it } from 'vitest';
import { parseTcpListeners, parseUnixSockets } from '../../../../main/hosts/discovery/proc-sockets';
import { parseStat, splitNulStrings } from '../../../../main/hosts/discovery/procfs';

describe('parseStat', () => {
  const rest = '1 13 13 0 -1 4194560 2 0 0 0 5 1 0 0 20 0 4 0 76701 313344 38 18446744073709551615 1 1';

  it('reads a name with spaces and parentheses', () => {
    const stat = { parent: 1, startTicks: 76_701 };
    expect(parseStat(`12 (qemu-system-x86) S ${rest}`)).toEqual({ comm: 'qemu-system-x86', ...stat });
    expect(parseStat(`12 (a) S 2 (b) c) R ${rest}`)).toEqual({ comm: 'a) S 2 (b) c', ...stat });
  });

  it.each([`12 (dead) Z ${rest}`, '12 (cut off', '', '12 (short) S 1 2'])(
    'has nothing to say of "%s"',
    (text) => {
      expect(parseStat(text)).toBeNull();
    },
  );
});

describe('splitNulStrings', () => {
  it('keeps empty arguments', () => {
    expect(splitNulStrings(Buffer.from('qemu\0-append\0\0-S\0'))).toEqual({
      strings: ['qemu', '-append', '', '-S'],
      exact: true,
    });
    expect(splitNulStrings(Buffer.from(''))).toEqual({ strings: [], exact: true });
  });

  it('knows when text could not be passed on unchanged', () => {
    expect(splitNulStrings(Buffer.from('qemu\0-name\0caf\xe9\0', 'latin1')).exact).toBe(false);
    expect(splitNulStrings(Buffer.from('qemu\0-name\0café\0')).exact).toBe(true);
  });
});

describe('listening sockets', () => {
  it('reads /proc/net/unix', () => {
    const text = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '00000000c9412ec3: 00000003 00000000 00000000 0001 03   647',
      '000000005a187f27: 00000002 00000000 00010000 0001 01 31337 /run/my vms/a.qmp',
      '000000005a187f28: 00000002 00000000 00010000 0001 01   648 @abstract',
      '000000005a187f29: 00000003 00000000 00000000 0001 03   649 /run/connected',
      '',
    ].join('\n');
    expect([...parseUnixSockets(text)]).toEqual([
      ['31337', '/run/my vms/a.qmp'],
      ['648', '@abstract'],
    ]);
  });

  it('believes no inode that two rows claim: a path may hold a line break', () => {
    const row = (path: string) => `000000005a187f27: 00000002 00000000 00010000 0001 01 31337 ${path}\n`;
    expect(parseUnixSockets(row('/run/a.qmp') + row('/tmp/forged')).get('31337')).toBeNull();
  });

  it('reads /proc/net/tcp and tcp6 of either byte order', () => {
    const row = (local: string, state: string, inode: number) =>
      `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0\n`;
    const text = `header\n${row('0100007F:115C', '0A', 7)}${row('0100007F:115D', '01', 8)}${row('00000000:0016', '0A', 9)}`;
    expect([...parseTcpListeners(text, 'LE')]).toEqual([
      ['7', { host: '127.0.0.1', port: 4444 }],
      ['9', { host: '0.0.0.0', port: 22 }],
    ]);
    expect(parseTcpListeners(`header\n${row('7F000001:115C', '0A', 7)}`, 'BE').get('7')?.host).toBe(
      '127.0.0.1',
    );
    const six = `header\n${row('00000000000000000000000001000000:115C', '0A', 1)}${row('0000000000000000FFFF00000100007F:0001', '0A', 2)}${row('00000000000000000000000000000000:0001', '0A', 3)}`;
    expect([...parseTcpListeners(six, 'LE').values()].map(({ host }) => host)).toEqual([
      '::1',
      '127.0.0.1',
      '::',
    ]);
  });
});
