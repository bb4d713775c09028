import type { LibvirtClient, LibvirtOptions } from '../../../../main/protocols/libvirt/api';
import { connectLibvirt } from '../../../../main/protocols/libvirt/client';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import {
  fakeLibvirtServer,
  type FakeLibvirtServer,
  type FakeServerOptions,
} from '../../../fakes/libvirt-server';

export const DOMAIN = { name: 'Grüße', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: 7 };

export interface Session {
  clock: FakeClock;
  server: FakeLibvirtServer;
  client: LibvirtClient;
}

/** A client that has just connected to a scripted server. */
export async function openSession(
  server: FakeServerOptions | FakeLibvirtServer = {},
  options: Partial<LibvirtOptions> = {},
): Promise<Session> {
  const clock = fakeClock();
  const fake = 'connect' in server ? server : fakeLibvirtServer(server);
  const client = await connectLibvirt(fake.connect(), { clock, uri: 'qemu:///system', ...options });
  return { clock, server: fake, client };
}

/** Lets streams and promises do what they have to do. */
export const settle = async () => {
  for (let turn = 0; turn < 8; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** The procedures of the calls that the server has heard, in order. */
export const heardCalls = (server: FakeLibvirtServer) =>
  server
    .connection()
    .heard.filter(({ header }) => header.type === 0)
    .map(({ header }) => header.proc);
