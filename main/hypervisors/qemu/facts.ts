import type { MachineFacts } from '../machine';
import { everyAgentFact, factOf, messageOf, readAgentFacts } from '../agent-facts';
import type { QmpClient } from '../../protocols/qmp/client';
import type { QmpResult } from '../../protocols/qmp/schema';
import type { AgentPort } from './agent-port';
import type { MonitorLink } from './link';
import { versionText } from './support';

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
