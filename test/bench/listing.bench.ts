import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { systemClock } from '../../main/clock';
import { createRemoteScanMemory, scanRemote, type RemoteScanMemory } from '../../main/hosts/ssh/discovery';
import { until } from '../guest/deadline';
import { endChild } from '../support/ssh-keys';
import type { Bench } from './bench';
import { connected, finish, QEMU, sshHost, type Lab, type SshServer } from './lab';
import { interleaved, type Row, type Way } from './measure';

export const bench: Bench = {
  title: "List a host's QEMU guests: one exec of the app's connection, beside OpenSSH and ps",
  programs: [QEMU, 'ssh', 'sshd', 'ssh-keygen', 'ps'],
  async run(lab) {
    const server = await lab.sshServer();
    const host = sshHost(server, lab);
    await connected(host);
    const { connection } = host.link;
    const control = await controlMaster(server, lab);

    let qemus = await lab.qemus(1);
    const ps = (label: string, options: readonly string[]): Way => ({
      label,
      isPeer: options.length === 0,
      async run() {
        const command = [...options, ...server.sshArguments, 'ps -eo pid,lstart,user,args'];
        const listed = await finish('ssh', command);
        for (const { name } of qemus) {
          if (!listed.includes(`-name ${name} `)) throw new Error(`ps does not list ${name}`);
        }
      },
    });
    const scan = (label: string, memory: () => RemoteScanMemory): Way => ({
      label,
      async run() {
        const { guests } = await scanRemote({ remote: connection!, memory: memory(), clock: systemClock });
        const pids = new Set(guests.map(({ pid }) => pid));
        for (const { name, pid } of qemus) if (!pids.has(pid)) throw new Error(`${name} was not found`);
      },
    });
    const rows: Row[] = [];
    for (const count of [1, 50]) {
      qemus = [...qemus, ...(await lab.qemus(count - qemus.length))];
      const memory = createRemoteScanMemory();
      const ways = [
        ps(`ssh HOST ps, ${count} running`, []),
        ps(`the same by a ControlMaster, ${count} running`, control),
        scan(`the app's first look, ${count} running`, createRemoteScanMemory),
        scan(`its next looks, ${count} running`, () => memory),
      ];
      rows.push(...(await interleaved(ways, { rounds: 15 })));
    }
    return rows;
  },
};

/** A connection of OpenSSH's client that others share. @returns their options */
async function controlMaster({ sshArguments }: SshServer, { folder, onLeave }: Lab): Promise<string[]> {
  const socket = `${folder}/control`;
  const master = spawn('ssh', ['-M', '-N', '-S', socket, ...sshArguments], { stdio: 'ignore' });
  onLeave(() => endChild(master));
  await until(10_000, 'ssh shares its connection', () => existsSync(socket) || undefined);
  return ['-S', socket];
}
