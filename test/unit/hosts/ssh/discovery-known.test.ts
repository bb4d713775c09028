import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRemoteScanMemory, scanRemote } from '../../../../main/hosts/ssh/discovery';
import { parseSurvey, type Survey } from '../../../../main/hosts/ssh/discovery-parse';
import { discoveryScript, type KnownProcess } from '../../../../main/hosts/ssh/discovery-script';
import { runScript } from '../../../../main/hosts/ssh/records';
import { fakeClock } from '../../../fakes/clock';
import { localRemote, SHELLS, type LocalRemote } from './local-remote';
import { IDLE, realProcesses, type RealProcesses } from './processes';

let real: RealProcesses;
beforeEach(() => (real = realProcesses()));
afterEach(() => real.dispose());

const monitor = (path: string): string[] => ['-qmp', `unix:${path},server=on,wait=off`];
/** A process that gives itself a name, in printf's notation. */
const called = (name: string, at: number): Promise<number> =>
  real.start(real.program(), [
    ...['-c', `printf '${name}' > /proc/$$/comm; read nothing`],
    ...monitor(`${at}.qmp`),
  ]);
const survey = async (remote: LocalRemote, known: readonly KnownProcess[] = []): Promise<Survey> =>
  parseSurvey(await runScript(remote, discoveryScript(known)));
const entryOf = ({ processes }: Survey, pid: number): KnownProcess => {
  const { stat } = processes.find((one) => one.pid === pid)!;
  return { pid, startTicks: stat.startTicks, comm: stat.comm };
};

describe.each(SHELLS)('with %s as its sh', (shell) => {
  it('does not take its own processes for candidates, which would have every scan read in full', async () => {
    const pid = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
    const remote = localRemote({ shell });
    const known = [entryOf(await survey(remote), pid)];
    const { processes, ...second } = await survey(remote, known);
    expect([...second.known.keys()]).toEqual([pid]);
    // The script comes to its sh as the last argument of the command.
    const script = remote.commands.at(-1)!.slice(-200, -1);
    const own = processes.filter(({ command }) => command.kind === 'bytes' && command.bytes.includes(script));
    expect(own).toEqual([]);
  });

  it('reads processes whose names have line breaks beside others, again and again', async () => {
    const plain = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
    const names = ['a) R 1 (\\n2) S', '\\n/proc/1/stat:1', 'x\\n1 (kvm) S 1', '\\n\\n'];
    const odd = await Promise.all(names.map(called));
    const remote = localRemote({ shell });
    const memory = createRemoteScanMemory();
    for (let time = 0; time < 2; time += 1) {
      const { guests } = await scanRemote({ remote, memory, clock: fakeClock() });
      expect(guests.map(({ pid }) => pid)).toEqual(expect.arrayContaining([plain, ...odd]));
      const read = guests.filter(({ pid }) => odd.includes(pid));
      expect(read.map(({ monitors }) => monitors.length)).toEqual([1, 1, 1, 1]);
    }
  });

  it('is not made to pass over a process by the name of another one', async () => {
    const victim = await real.start(real.program(), [...IDLE, ...monitor('a.qmp')]);
    const remote = localRemote({ shell });
    const { pid, startTicks, comm } = entryOf(await survey(remote), victim);
    const forged = { pid: 1, startTicks: 1, comm: `x\n${pid}/${startTicks}/${comm}` };
    const { known, processes } = await survey(remote, [forged]);
    expect(known.has(pid)).toBe(false);
    expect(processes.some((one) => one.pid === pid)).toBe(true);
  });
});
