import { systemClock } from '../../main/clock';
import type { LibvirtClient } from '../../main/protocols/libvirt/api';
import { connectLibvirt } from '../../main/protocols/libvirt/client';
import { dial } from '../../main/protocols/sockets';
import { domainXml } from '../support/libvirt-domain';
import { libvirtdPresent, startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import type { Lab } from './lab';

/** What a bench of libvirt takes. */
export const needsLibvirt = {
  programs: ['qemu-system-x86_64', 'libvirtd', 'virsh'],
  obstacle: () => (libvirtdPresent() ? undefined : 'it takes root, for a libvirtd of its own.'),
};

export interface CrowdedLibvirtd {
  readonly libvirtd: TestLibvirtd;
  /** The domains' names; all are off. */
  readonly names: readonly string[];
}

/** A libvirtd with so many domains. */
export async function crowdedLibvirtd(count: number, lab: Lab): Promise<CrowdedLibvirtd> {
  const names = Array.from({ length: count }, (_, at) => `bench-${at}`);
  const libvirtd = await startLibvirtd({ domains: new Map(names.map((name) => [name, domainXml({ name })])) });
  lab.onLeave(() => libvirtd.stop());
  return { libvirtd, names };
}

/** The app's client, by the unix socket. */
export async function connectTo({ socket }: TestLibvirtd, lab: Lab): Promise<LibvirtClient> {
  const stream = await dial({ kind: 'unix', path: socket }, { clock: systemClock });
  const client = await connectLibvirt(stream, { clock: systemClock, uri: 'qemu:///system' });
  lab.onLeave(() => client.close());
  return client;
}

/** @throws Error when one of `names` is not among what is listed */
export function expectListed(listed: readonly string[], names: readonly string[]): void {
  const known = new Set(listed);
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0) throw new Error(`Not listed: ${missing.join(', ')}`);
}
