import type { Clock } from '../../clock';
import { NodeSleepError } from '../../hypervisors/libvirt/node';
import { SshError } from '../../protocols/ssh/errors';
import type { HostLibvirt } from '../libvirt/host-libvirt';
import { HostError } from '../host';
import { OutcomeUnknownError, type HostPower, type PowerSurvey, type SleepMeans, type SleepOrder } from '../power';
import { NotLinuxError } from './discovery-parse';
import { orderSleep } from './power-order';
import { parsePower, powerScript } from './power-survey';
import { RecordsError, runScript } from './records';
import type { RemoteHost } from './remote';

export interface RemotePowerOptions {
  /** @throws HostError without a connection */
  readonly connected: () => RemoteHost;
  readonly libvirt: Pick<HostLibvirt, 'nodeSleep' | 'suspendNode'>;
  readonly clock: Clock;
}

/** The sleep of a host behind SSH. */
export function createRemotePower({ connected, libvirt, clock }: RemotePowerOptions): HostPower {
  return {
    async survey({ permissions }) {
      try {
        const told = parsePower(await runScript(connected(), powerScript(permissions)), permissions);
        return { ...told, libvirt: await libvirt.nodeSleep() };
      } catch (error) {
        throw surveyError(error);
      }
    },
    libvirt: () => libvirt.nodeSleep(),
    async sleep(means, seconds, survey) {
      if (means !== 'libvirt') return orderSleep(connected(), clock, commandOf(means, seconds, survey));
      try {
        await libvirt.suspendNode(wholeSeconds(seconds));
      } catch (error) {
        if (!(error instanceof NodeSleepError)) throw error;
        if (error.connectionLost) throw new OutcomeUnknownError(error.message, { cause: error });
        throw new HostError(`libvirt refused: ${error.message}.`, 'Look at libvirt’s log on the host, and try again.', { cause: error });
      }
      return { ended: never };
    },
  };
}

const never: SleepOrder['ended'] = new Promise(() => undefined);

/** The arguments, the program first; by sudo without a password, unless the user is root. */
function commandOf(means: Exclude<SleepMeans, 'libvirt'>, seconds: number | null, { user, programs }: PowerSurvey): string[] {
  const { sudo } = programs;
  const program = programs[means];
  if (program === undefined) throw new HostError(`${means} is not there any more.`, 'Install it on the host.');
  const args = means === 'rtcwake' ? ['-m', 'mem', '-s', String(wholeSeconds(seconds))] : ['suspend'];
  if (user.uid === 0) return [program, ...args];
  if (sudo === undefined) throw new HostError('sudo is not there any more.', 'Install it on the host.');
  return [sudo, '-n', program, ...args];
}

function wholeSeconds(seconds: number | null): number {
  if (seconds === null || !Number.isSafeInteger(seconds) || seconds <= 0) throw new RangeError(`${seconds} s is no length of a sleep`);
  return seconds;
}

function surveyError(error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof NotLinuxError)
    return new HostError(`${error.message}: only Linux hosts are put to sleep.`, 'Put it to sleep by its own means.', options);
  if (error instanceof RecordsError)
    return new HostError(`What it offers cannot be looked up: ${error.message}.`, 'Its login shell must run commands, and /bin/sh must be POSIX.', options);
  if (error instanceof SshError) return new HostError(`What it offers cannot be looked up: ${error.message}`, error.remedy, options);
  return error;
}
