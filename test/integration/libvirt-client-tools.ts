import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { systemClock } from '../../main/clock';
import type { LibvirtClient, LibvirtOptions } from '../../main/protocols/libvirt/api';
import { connectLibvirt } from '../../main/protocols/libvirt/client';
import { startLibvirtd, type LibvirtdOptions, type TestLibvirtd } from '../support/libvirtd';

/** A daemon for the tests of a block, further ones for one test, and the clients of each test. */
export function libvirtClients() {
  let daemon: TestLibvirtd | undefined;
  const clients: LibvirtClient[] = [];
  const others: TestLibvirtd[] = [];

  beforeAll(async () => {
    daemon = await startLibvirtd();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(others.splice(0).map((each) => each.stop()));
  });
  afterAll(() => daemon?.stop());

  const shared = (): TestLibvirtd => {
    if (!daemon) throw new Error('The daemon has not started');
    return daemon;
  };
  return {
    daemon: shared,
    dial: (socket = shared().socket): Socket => connect({ path: socket }),
    async attach(stream: Duplex, options: Partial<LibvirtOptions> = {}): Promise<LibvirtClient> {
      const client = await connectLibvirt(stream, { clock: systemClock, uri: 'qemu:///system', ...options });
      clients.push(client);
      return client;
    },
    /** A daemon of its own for this test. */
    async startOther(options: LibvirtdOptions): Promise<TestLibvirtd> {
      const other = await startLibvirtd(options);
      others.push(other);
      return other;
    },
  };
}

/** virsh's words for a state and its reason, where they are not libvirt's own names. */
const VIRSH_WORDS: Readonly<Record<string, string>> = {
  shutoff: 'shut off',
  'from-snapshot': 'from snapshot',
};

/** As `virsh domstate --reason` prints it. */
export const asVirshSays = ({ state, reason }: { state: string; reason: string }): string =>
  `${VIRSH_WORDS[state] ?? state} (${VIRSH_WORDS[reason] ?? reason})`;
