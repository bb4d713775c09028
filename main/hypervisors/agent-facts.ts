import type { Clock } from '../clock';
import type { AgentCalls } from '../protocols/guest-agent/client';
import { AgentError } from '../protocols/guest-agent/errors';
import { readGuestFile } from '../protocols/guest-agent/files';
import type { GuestNetworkInterface, GuestOsInfo } from '../protocols/guest-agent/schema';
import type { AgentFacts, ClockReport, Fact } from './machine';

/** Linux: Documentation/admin-guide/sysctl/kernel.rst "random". */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const UPTIME = '/proc/uptime';

/** A fact, or the reason why it cannot be had. */
export async function factOf<T>(ask: Promise<T | null>): Promise<Fact<T>> {
  try {
    const value = await ask;
    return value === null ? { missing: 'The guest does not tell.' } : { value };
  } catch (error) {
    return { missing: messageOf(error) };
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const everyAgentFact = (missing: string): AgentFacts => ({
  uptimeSeconds: { missing },
  os: { missing },
  hostName: { missing },
  addresses: { missing },
});

/** What the guest agent tells now; each that cannot be had says why. */
export async function readAgentFacts(agent: AgentCalls): Promise<AgentFacts> {
  const [os, hostName, addresses, uptimeSeconds] = await Promise.all([
    factOf(agent.call('guest-get-osinfo').then(osName)),
    factOf(agent.call('guest-get-host-name').then((answer) => answer['host-name'])),
    factOf(agent.call('guest-network-get-interfaces').then(addressesOf)),
    factOf(readGuestFile(agent, UPTIME, 200).then(uptimeOf)),
  ]);
  return { os, hostName, addresses, uptimeSeconds };
}

const osName = (info: GuestOsInfo): string | null =>
  info['pretty-name'] ?? ([info.name, info.version].filter(Boolean).join(' ') || null);

const addressesOf = (interfaces: readonly GuestNetworkInterface[]): string[] =>
  interfaces
    .flatMap((nic) => nic['ip-addresses'] ?? [])
    .map((entry) => entry['ip-address'])
    .filter((address) => !/^(127\.|::1$)/.test(address));

const uptimeOf = (bytes: Uint8Array): number | null => {
  const seconds = Number.parseFloat(Buffer.from(bytes).toString('latin1'));
  return Number.isFinite(seconds) ? seconds : null;
};

/** @returns null where the guest has none (not Linux) or its agent does not open files */
export async function readBootId(agent: AgentCalls): Promise<string | null> {
  try {
    const text = Buffer.from(await readGuestFile(agent, BOOT_ID, 100))
      .toString('latin1')
      .trim();
    return /^[0-9a-f-]{36}$/.test(text) ? text : null;
  } catch (error) {
    if (error instanceof AgentError && error.kind === 'command') return null;
    throw error;
  }
}

/**
 * Sets the guest's clock to this computer's.
 * Source: qga/qapi-schema.json guest-get-time, guest-set-time (ns since the epoch).
 * @throws AgentError
 */
export async function setGuestClock(agent: AgentCalls, clock: Clock): Promise<ClockReport> {
  const behindMs = await offset(agent, clock);
  await agent.call('guest-set-time', { time: BigInt(Math.round(clock.now())) * 1_000_000n });
  return { behindMs, leftMs: await offset(agent, clock) };
}

async function offset(agent: AgentCalls, clock: Clock): Promise<number> {
  const before = clock.now();
  const guest = Number((await agent.call('guest-get-time')) / 1_000_000n);
  return Math.round((before + clock.now()) / 2 - guest);
}
