import { describe, expect, it } from 'vitest';
import { NodeSleepError } from '../../../../main/hypervisors/libvirt/node';
import { HostError } from '../../../../main/hosts/host';
import { OutcomeUnknownError, type PowerSurvey } from '../../../../main/hosts/power';
import { createRemotePower } from '../../../../main/hosts/ssh/host-power';
import type { RemoteHost } from '../../../../main/hosts/ssh/remote';
import { SshError } from '../../../../main/protocols/ssh/errors';
import { fakeClock } from '../../../fakes/clock';
import { surveyOf } from '../../host-power/bench';

/** Tells the command that it would be given, and takes none. */
const start = (suspendNode: (seconds: number) => Promise<void> = () => Promise.resolve()) => {
  const commands: string[] = [];
  const remote = {
    execStream(command: string) {
      const script = command.replace(/\\0(\d{2,3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
      commands.push(script.split('begun"\n')[1]?.split('\n')[0] ?? script);
      return Promise.reject(new SshError('channel', 'Not taken.', { remedy: 'None.' }));
    },
    exec: () => Promise.reject(new SshError('timeout', 'It does not answer.', { remedy: 'Wait.' })),
  } as Partial<RemoteHost> as RemoteHost;
  const suspended: number[] = [];
  const power = createRemotePower({
    clock: fakeClock(),
    connected: () => remote,
    libvirt: {
      nodeSleep: () => Promise.resolve('sleeps'),
      suspendNode(seconds) {
        suspended.push(seconds);
        return suspendNode(seconds);
      },
    },
  });
  return { power, commands, suspended };
};

const sam: Partial<PowerSurvey> = {
  user: { uid: 1000, name: 'sam' },
  programs: { sudo: '/usr/bin/sudo', rtcwake: '/usr/sbin/rtcwake', systemctl: '/usr/bin/systemctl' },
};

describe('a host behind SSH is put to sleep', () => {
  it.each([
    ['rtcwake', 7200, {}, '/usr/sbin/rtcwake -m mem -s 7200'],
    ['rtcwake', 60, sam, '/usr/bin/sudo -n /usr/sbin/rtcwake -m mem -s 60'],
    ['systemctl', null, {}, '/usr/bin/systemctl suspend'],
    ['systemctl', null, sam, '/usr/bin/sudo -n /usr/bin/systemctl suspend'],
  ] as const)('by %s for %s', async (means, seconds, over, command) => {
    const { power, commands, suspended } = start();
    await expect(power.sleep(means, seconds, surveyOf(over))).rejects.toThrow(HostError);
    expect([commands, suspended]).toEqual([[command], []]);
  });

  it.each([0, -5, 1.5, NaN, null])('by rtcwake never for %s s', async (seconds) => {
    const { power, commands } = start();
    await expect(power.sleep('rtcwake', seconds, surveyOf())).rejects.toThrow(RangeError);
    expect(commands).toEqual([]);
  });

  it('not by a program that is gone, nor without sudo', async () => {
    const { power, commands } = start();
    await expect(power.sleep('rtcwake', 60, surveyOf({ programs: {} }))).rejects.toThrow(HostError);
    await expect(power.sleep('rtcwake', 60, surveyOf({ user: { uid: 7, name: 'x' } }))).rejects.toThrow('sudo');
    expect(commands).toEqual([]);
  });

  it('by libvirt, whose answer takes it and tells no end', async () => {
    const { power, commands, suspended } = start();
    const order = await power.sleep('libvirt', 90, surveyOf());
    expect([suspended, commands]).toEqual([[90], []]);
    expect(await Promise.race([order.ended, Promise.resolve('nothing')])).toBe('nothing');
  });

  it.each([
    [false, HostError, 'libvirt refused: no.'],
    [true, OutcomeUnknownError, 'no'],
  ])('by libvirt that fails (connection lost: %s)', async (connectionLost, kind, message) => {
    const { power } = start(() => Promise.reject(new NodeSleepError('no', connectionLost)));
    const failure = power.sleep('libvirt', 90, surveyOf());
    await expect(failure).rejects.toThrow(kind);
    await expect(failure).rejects.toThrow(message);
  });

  it('and tells why it cannot be asked', async () => {
    await expect(start().power.survey({ permissions: false })).rejects.toMatchObject({ name: 'HostError', remedy: 'Wait.' });
  });
});
