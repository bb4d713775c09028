import type { SshHost } from '../../main/hosts/ssh/ssh-host';
import type { Bench } from './bench';
import { connected, finish, sshHost } from './lab';
import { interleaved } from './measure';

export const bench: Bench = {
  title: 'Connect over SSH, from nothing to ready',
  programs: ['ssh', 'sshd', 'ssh-keygen'],
  async run(lab) {
    const server = await lab.sshServer();
    const connecting = async (then: (host: SshHost) => Promise<unknown>): Promise<number> => {
      const host = sshHost(server, lab);
      const begin = performance.now();
      await connected(host);
      await then(host);
      const took = performance.now() - begin;
      await host.close();
      return took;
    };
    return interleaved(
      [
        {
          label: 'ssh HOST true',
          run: async () => void (await finish('ssh', [...server.sshArguments, 'true'])),
        },
        { label: 'the app', run: () => connecting(async () => {}) },
        {
          label: 'the app, and true run there',
          run: () => connecting(({ link }) => link.connection!.exec('true')),
        },
      ],
      { rounds: 20 },
    );
  },
};
