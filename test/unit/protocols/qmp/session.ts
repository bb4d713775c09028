import { connectQmp, type QmpClient, type QmpOptions } from '../../../../main/protocols/qmp/client';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer, type JsonPeer } from '../../../fakes/json-peer';

export const GREETING = {
  QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: 'Debian' }, capabilities: ['oob'] },
};

export interface Session {
  clock: FakeClock;
  peer: JsonPeer;
  qmp: QmpClient;
}

/** A client that has just connected, and the test's end of its connection. */
export async function openSession(options: Partial<QmpOptions> = {}): Promise<Session> {
  const clock = fakeClock();
  const { near, far } = duplexPair();
  const peer = jsonPeer(far);
  const connecting = connectQmp(near, { clock, ...options });
  peer.say(GREETING);
  const { id } = await peer.hear();
  peer.say({ return: {}, id });
  return { clock, peer, qmp: await connecting };
}

export const timestamp = { seconds: 1_795_378_175, microseconds: 984_097 };
export const TIMESTAMP_MS = 1_795_378_175_984;

/** Lets streams and promises do what they have to do. */
export const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};
