import {
  openAgent,
  type AgentClient,
  type AgentOptions,
} from '../../../../main/protocols/guest-agent/client';
import { fakeClock, type FakeClock } from '../../../fakes/clock';
import { duplexPair } from '../../../fakes/duplex';
import { jsonPeer, type Heard, type JsonPeer } from '../../../fakes/json-peer';

export const SENTINEL = Buffer.of(0xff);

export interface AgentSession {
  clock: FakeClock;
  peer: JsonPeer;
  agent: AgentClient;
}

export const idOf = (request: Heard): number => (request.arguments as { id: number }).id;

/** Hears a synchronisation and answers it as qemu-ga does. */
export async function answerSync(peer: JsonPeer): Promise<void> {
  const request = await peer.hear();
  if (request.execute !== 'guest-sync-delimited')
    throw new Error(`Heard ${JSON.stringify(request)} instead of a sync`);
  peer.say(SENTINEL);
  peer.say(`{"return": ${idOf(request)}}\n`);
}

export async function openAgentSession(options: Partial<AgentOptions> = {}): Promise<AgentSession> {
  const clock = fakeClock();
  const { near, far } = duplexPair();
  const peer = jsonPeer(far);
  const opening = openAgent(near, { clock, ...options });
  await answerSync(peer);
  return { clock, peer, agent: await opening };
}

export const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** What a promise came to by now. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  await settle();
  return Promise.race([
    promise.then(
      () => 'resolved' as const,
      () => 'rejected' as const,
    ),
    new Promise<'pending'>((resolve) => {
      setImmediate(() => resolve('pending'));
    }),
  ]);
}
