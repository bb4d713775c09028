import { lookup } from 'node:dns';
import { connect, isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { withTimeout } from '../../clock';
import { acknowledgeAtOnce } from './channel-inside';
import type { SshError } from './errors';
import { closedHere, dialFailure, jumpFailure, stepTimeout } from './failures';
import { openLink, type Link, type LinkOptions } from './link';
import type { ConnectSshOptions, SshEndpoint, SshStepName } from './types';
import { describeHost } from './words';

/** What the links of one connection have in common. */
export type HopOptions = Omit<LinkOptions, 'endpoint' | 'stream' | 'onStep'> &
  Pick<ConnectSshOptions, 'transport' | 'target' | 'jumps' | 'onStep'>;

/**
 * Links to each jump in turn and, through them, to the target: the last link. When one ends, those behind it do.
 * @throws SshError; every link is ended then
 */
export async function openHops(options: HopOptions): Promise<Link[]> {
  const { target, jumps = [], onStep } = options;
  const links: Link[] = [];
  try {
    for (const endpoint of [...jumps, target]) {
      const report = (name: SshStepName, detail: string) => onStep?.({ name, endpoint, detail });
      const before = links.at(-1);
      const own = { ...options, stepTimeoutMs: endpoint.connectTimeoutMs ?? options.stepTimeoutMs };
      const channel = before ? await throughJump(own, before, endpoint, report) : null;
      const stream = channel ?? (await direct(own, endpoint, report));
      const opening = openLink({ ...own, endpoint, stream, onStep: report });
      // The link listens already, so nothing is missed.
      if (channel) acknowledgeAtOnce(channel);
      const link = await opening;
      before?.onOver((why) => link.end(why));
      links.push(link);
    }
    return links;
  } catch (error) {
    for (const link of [...links].reverse()) link.end(closedHere(link.endpoint));
    await Promise.all(links.map((link) => link.gone));
    throw error;
  }
}

/** As dns.lookup counts them; 0: either. */
const FAMILIES = { any: 0, inet: 4, inet6: 6 } as const;

type Report = (name: SshStepName, detail: string) => void;

async function direct(options: HopOptions, endpoint: SshEndpoint, report: Report): Promise<Duplex> {
  if (options.transport) {
    const stream = await options.transport();
    report('tcp', 'connected');
    return stream;
  }
  return dialTcp(options, endpoint, report);
}

function dialTcp({ clock, signal, stepTimeoutMs }: HopOptions, endpoint: SshEndpoint, report: Report): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const { host, port, addressFamily = 'any' } = endpoint;
    const findAddresses: LookupFunction = (name, options, done) =>
      lookup(name, options, (error, found, family) => {
        if (!error && !socket.destroyed) report('name', typeof found === 'string' ? found : found.map(({ address }) => address).join(', '));
        done(error, found, family);
      });
    // Without autoSelectFamily, the default before Node 20, only the first address of a name is tried.
    const socket = connect({ host, port, family: FAMILIES[addressFamily], noDelay: true, autoSelectFamily: true, lookup: findAddresses });
    const settle = (act: () => void) => {
      cancelTimer();
      signal?.removeEventListener('abort', giveUp);
      act();
    };
    const abandon = (why: SshError) => settle(() => {
      socket.destroy();
      reject(why);
    });
    const giveUp = () => abandon(closedHere(endpoint));
    const cancelTimer = clock.setTimer(stepTimeoutMs, () => abandon(stepTimeout(endpoint, 'a TCP connection', stepTimeoutMs)));
    socket.once('connect', () => settle(() => {
      report('tcp', `port ${port}`);
      resolve(socket);
    }));
    socket.on('error', (error) => settle(() => reject(dialFailure(endpoint, error))));
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    if (isIP(host) !== 0) report('name', host);
  });
}

async function throughJump(options: HopOptions, jump: Link, next: SshEndpoint, report: Report): Promise<ClientChannel> {
  const { clock, signal, stepTimeoutMs } = options;
  let forget = () => {};
  const opened = new Promise<ClientChannel>((resolve, reject) => {
    const giveUp = () => reject(closedHere(next));
    const stopListening = jump.onOver(reject);
    forget = () => {
      stopListening();
      signal?.removeEventListener('abort', giveUp);
    };
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp);
    if (jump.over()) return;
    jump.client.forwardOut('127.0.0.1', 0, next.host, next.port, (error, channel) => {
      if (error) reject(jumpFailure(jump.endpoint, next, error));
      else resolve(channel);
    });
  });
  const tooLate = () => stepTimeout(next, 'a TCP connection', stepTimeoutMs);
  const channel = await withTimeout(clock, stepTimeoutMs, opened, tooLate).finally(() => forget());
  report('tcp', `port ${next.port}, through ${describeHost(jump.endpoint)}`);
  return channel;
}
