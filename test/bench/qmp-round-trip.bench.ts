import { systemClock } from '../../main/clock';
import { joined } from '../../main/hosts/ssh/joined';
import { RELAYS, relayCommand } from '../../main/hosts/ssh/relays';
import { secretToken } from '../../main/hosts/ssh/remote';
import { connectQmp } from '../../main/protocols/qmp/client';
import { dial } from '../../main/protocols/sockets';
import { attempt, endpointOf } from '../support/ssh-client';
import type { Bench } from './bench';
import { connected, isInstalled, QEMU, sshHost } from './lab';
import { interleaved, type Way } from './measure';

export const bench: Bench = {
  title: "QMP round trip: query-status of one QEMU, by the app's QMP client",
  programs: [QEMU, 'sshd', 'ssh-keygen'],
  async run(lab) {
    const relays = RELAYS.filter(isInstalled);
    const [[qemu], server] = await Promise.all([lab.qemus(1, 3 + relays.length), lab.sshServer()]);
    const host = sshHost(server, lab);
    await connected(host);
    const { connection } = host.link;
    const [local, forwarded, far, ...others] = qemu!.monitors;
    const endpoint = endpointOf(server.sshd, server.key);
    const jumped = await attempt(endpoint, { jumps: [endpoint] }).connection;
    lab.onLeave(() => jumped.close());
    await jumped.exec('exit 0');

    const way = async (label: string, stream: ReturnType<typeof dial>, atMost?: number): Promise<Way> => {
      const client = await connectQmp(await stream, { clock: systemClock });
      lab.onLeave(() => client.close());
      const run = async (): Promise<void> => void (await client.call('query-status'));
      return { label, run, ...(atMost === undefined ? {} : { atMost }) };
    };
    const ways = [
      await way('unix socket', dial(local!, { clock: systemClock })),
      await way("the app's SSH link", host.dial(forwarded!), 3),
      await way('through a jump host, too', jumped.openUnix(far!.path), 3),
    ];
    for (const [at, relay] of relays.entries()) {
      const marker = secretToken();
      const stream = await connection!.execStream(relayCommand(others[at]!.path, marker, [relay]));
      const answer = await joined(stream, marker, systemClock);
      if (answer.kind !== 'connected') throw new Error(`${relay} did not connect: ${JSON.stringify(answer)}`);
      ways.push(await way(`over SSH, through ${relay} on the host`, Promise.resolve(stream)));
    }
    return interleaved(ways, { rounds: 400, warmUp: 50 });
  },
};
