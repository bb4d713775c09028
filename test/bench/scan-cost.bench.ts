import { readFileSync } from 'node:fs';
import { systemClock } from '../../main/clock';
import { createRemoteScanMemory, scanRemote } from '../../main/hosts/ssh/discovery';
import type { Bench } from './bench';
import { connected, QEMU, sshHost } from './lab';
import { interleaved, type Way } from './measure';

/** Scans for each sample. */
const TIMES = 10;
/** Linux tells CPU time in USER_HZ, 100 on all its usual architectures. */
const MS_PER_TICK = 10;

export const bench: Bench = {
  title: "CPU time of one look at a host's 50 QEMUs, beside ps by the same connection",
  programs: [QEMU, 'sshd', 'ssh-keygen', 'ps'],
  async run(lab) {
    const server = await lab.sshServer();
    await lab.qemus(50);
    const host = sshHost(server, lab);
    await connected(host);
    const remote = host.link.connection!;
    const onHost = (): number => server.sshd.sessions().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
    const onApp = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    };
    const way = (label: string, clock: () => number, run: () => Promise<unknown>): Way => ({
      label,
      async run() {
        const begin = clock();
        for (let at = 0; at < TIMES; at += 1) await run();
        return (clock() - begin) / TIMES;
      },
    });
    const memory = createRemoteScanMemory();
    const ps = () => remote.exec('ps -eo pid,lstart,user,args');
    const first = () => scanRemote({ remote, memory: createRemoteScanMemory(), clock: systemClock });
    const next = () => scanRemote({ remote, memory, clock: systemClock });
    return interleaved(
      [
        way('on the host: ps', onHost, ps),
        way('on the host: the first look', onHost, first),
        way('on the host: each next look', onHost, next),
        { ...way('in the app: ps', onApp, ps), isPeer: true },
        way('in the app: the first look', onApp, first),
        way('in the app: each next look', onApp, next),
      ],
      { rounds: 5 },
    );
  },
};

/** proc(5), stat: utime, stime, and those of the children that it has waited for; 0 once it has ended. */
function cpuMsOf(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * MS_PER_TICK, 0);
}
