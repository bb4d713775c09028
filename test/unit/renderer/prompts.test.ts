import { describe, expect, it } from 'vitest';
import { authorityNote, fingerprintCommand, promptInFront, type HostKeyPrompt } from '../../../renderer/prompts';
import { hostKeyPrompt, quitPrompt, secretPrompt } from '../../fakes/views';

const first = hostKeyPrompt({ id: 'first' });
const second = secretPrompt({ id: 'second' });
const both = { first, second };

describe('the question in front', () => {
  it('is the first, and stays while it is open, whatever comes before it', () => {
    expect(promptInFront({}, null, [])).toBeNull();
    expect(promptInFront(both, null, [])).toBe('first');
    expect(promptInFront({ second, first }, 'first', [])).toBe('first');
  });

  it('is whether to quit, since that was asked for last, and then the one before', () => {
    const quit = quitPrompt({ id: 'quit', alarms: [] });
    expect(promptInFront({ first, quit }, 'first', [])).toBe('quit');
    expect(promptInFront({ first, quit }, 'quit', ['quit'])).toBe('first');
  });

  it('makes room once it is answered or gone', () => {
    expect(promptInFront(both, 'first', ['first'])).toBe('second');
    expect(promptInFront({ second }, 'first', [])).toBe('second');
    expect(promptInFront(both, 'second', ['first', 'second'])).toBeNull();
  });
});

it('names the authorities that are not heeded, where there are any', () => {
  const asked = (authorities: HostKeyPrompt['authorities']) => authorityNote(hostKeyPrompt({ authorities }) as HostKeyPrompt);
  expect(asked([])).toBeNull();
  const note = asked([{ file: '/home/me/.ssh/known_hosts', line: 3 }, { file: '/etc/ssh/ssh_known_hosts', line: 1 }]);
  expect(note).toContain('not supported');
  expect(note).toContain('/home/me/.ssh/known_hosts line 3, /etc/ssh/ssh_known_hosts line 1');
});

describe('the command that shows a fingerprint', () => {
  it('names the file of the key’s type', () => {
    expect(fingerprintCommand('ssh-ed25519')).toBe('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    expect(fingerprintCommand('ecdsa-sha2-nistp384')).toBe('ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub');
    expect(fingerprintCommand('rsa-sha2-512')).toBe('ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub');
  });

  it('puts nothing of an unknown type into the command', () => {
    const command = fingerprintCommand('ssh-ed25519; rm -rf ~');
    expect(command).not.toContain('rm -rf');
    expect(command).toContain('/etc/ssh/ssh_host_*_key.pub');
  });
});
