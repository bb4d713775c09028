import { describe, expect, it } from 'vitest';
import { sshOnThisComputer, type ThisComputer } from '../../../../main/hosts/ssh/here';

const desk: ThisComputer = { platform: 'linux', home: '/home/me', user: 'me', uid: 1000, hostName: 'desk', pipes: () => [] };
const windows: ThisComputer = { platform: 'win32', home: 'C:\\Users\\Me', user: 'Me', uid: -1, hostName: 'DESK', pipes: () => ['lsass', 'pageant.You.01ab', 'Pageant.me.5c3f', 'pageant.meier.77'] };

describe('what ssh would find', () => {
  it('on Unix', () => {
    const found = sshOnThisComputer({ SSH_AUTH_SOCK: '/run/agent' }, desk);
    expect(found).toMatchObject({
      places: { user: '/home/me/.ssh/config', system: '/etc/ssh/ssh_config', home: '/home/me' },
      local: { user: 'me', uid: 1000, globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'] },
    });
    expect(found.usualAgent()).toBe('/run/agent');
    expect(sshOnThisComputer({}, desk).usualAgent()).toBeNull();
    expect(sshOnThisComputer({ SSH_AUTH_SOCK: '' }, desk).usualAgent()).toBeNull();
  });

  it('on Windows: ProgramData, the pipe of its agent, and the one of this user’s Pageant', () => {
    const found = sshOnThisComputer({ ProgramData: 'D:\\Data' }, windows);
    expect(found.places).toEqual({
      user: 'C:\\Users\\Me\\.ssh\\config',
      system: 'D:\\Data\\ssh\\ssh_config',
      home: 'C:\\Users\\Me',
    });
    expect(found.local).toMatchObject({
      user: 'Me',
      uid: null,
      globalKnownHostsFiles: ['D:\\Data\\ssh\\ssh_known_hosts', 'D:\\Data\\ssh\\ssh_known_hosts2'],
    });
    expect(found.usualAgent()).toEqual(['\\\\.\\pipe\\openssh-ssh-agent', '\\\\.\\pipe\\Pageant.me.5c3f']);
    expect(sshOnThisComputer({}, windows).places.system).toBe('C:\\ProgramData\\ssh\\ssh_config');
    expect(sshOnThisComputer({ SSH_AUTH_SOCK: '\\\\.\\pipe\\mine' }, windows).usualAgent()).toBe('\\\\.\\pipe\\mine');
  });
});
