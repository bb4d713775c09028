import type { AgentFacts, ClockReport, Fact, MachineFacts } from '../machine';
import type { Clock } from '../../clock';
import type { AgentClient } from '../../protocols/guest-agent/client';
import { AgentError } from '../../protocols/guest-agent/errors';
import { readGuestFile } from '../../protocols/guest-agent/files';
import type { GuestNetworkInterface, GuestOsInfo } from '../../protocols/guest-agent/schema';
import type { QmpClient } from '../../protocols/qmp/client';
import type { QmpResult } from '../../protocols/qmp/schema';
import type { AgentPort } from './agent-port';
import type { MonitorLink } from './link';
import { versionText } from './support';

/** Linux: Documentation/admin-guide/sysctl/kernel.rst "random". */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const UPTIME = '/proc/uptime';

/** What QEMU and the guest agent tell now. Never rejects: what cannot be had says why. */
export async function readFacts(
  converse: MonitorLink['converse'],
  agent: AgentPort,
  machineType: string | null,
): Promise<MachineFacts> {
  const [ofQemu, told] = await Promise.all([
    converse(readQemuFacts).catch((error: unknown) => everyQemuFact(messageOf(error))),
    agent.status.status === 'answering'
      ? agent.talk(readAgentFacts).catch((error: unknown) => everyAgentFact(messageOf(error)))
      : everyAgentFact('Told by the guest agent, which does not answer now.'),
  ]);
  return {
    machine: machineType === null ? { missing: 'QEMU does not tell.' } : { value: machineType },
    ...ofQemu,
    ...told,
  };
}

type QemuFacts = Pick<MachineFacts, 'hypervisor' | 'memoryMiB' | 'vcpus'>;

async function readQemuFacts(client: QmpClient): Promise<QemuFacts> {
  const [memoryMiB, vcpus] = await Promise.all([
    factOf(client.call('query-memory-size-summary').then(memoryOf)),
    factOf(client.call('query-cpus-fast').then((cpus) => cpus.length)),
  ]);
  return { hypervisor: { value: `QEMU ${versionText(client)}` }, memoryMiB, vcpus };
}

const everyQemuFact = (missing: string): QemuFacts => ({
  hypervisor: { missing },
  memoryMiB: { missing },
  vcpus: { missing },
});

const memoryOf = (memory: QmpResult<'query-memory-size-summary'>): number =>
  (memory['base-memory'] + (memory['plugged-memory'] ?? 0)) / 2 ** 20;

/** A fact, or the reason why it cannot be had. */
async function factOf<T>(ask: Promise<T | null>): Promise<Fact<T>> {
  try {
    const value = await ask;
    return value === null ? { missing: 'The guest does not tell.' } : { value };
  } catch (error) {
    return { missing: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const everyAgentFact = (missing: string): AgentFacts => ({
  uptimeSeconds: { missing },
  os: { missing },
  hostName: { missing },
  addresses: { missing },
});

async function readAgentFacts(agent: AgentClient): Promise<AgentFacts> {
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
export async function readBootId(agent: AgentClient): Promise<string | null> {
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
export async function setGuestClock(agent: AgentClient, clock: Clock): Promise<ClockReport> {
  const behindMs = await offset(agent, clock);
  await agent.call('guest-set-time', { time: BigInt(Math.round(clock.now())) * 1_000_000n });
  return { behindMs, leftMs: await offset(agent, clock) };
}

async function offset(agent: AgentClient, clock: Clock): Promise<number> {
  const before = clock.now();
  const guest = Number((await agent.call('guest-get-time')) / 1_000_000n);
  return Math.round((before + clock.now()) / 2 - guest);
}
