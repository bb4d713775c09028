import type { FoundGuest } from '../discovery/found';
import type { Listed, ListedDomain, Unasked } from '../listed';

/**
 * One list of a host's guests, each once: a QEMU process that libvirt runs is its domain's. A process whose domain is
 * not listed stays, with the reason why it cannot be controlled.
 */
export function mergeDomains(
  processes: readonly FoundGuest[],
  domains: readonly ListedDomain[],
  unasked: readonly Unasked[],
): Listed[] {
  const uuids = new Set(domains.map(({ uuid }) => uuid));
  const others = processes.flatMap((process): FoundGuest[] => {
    if (process.owner !== 'libvirt') return [process];
    if (process.uuid !== null && uuids.has(process.uuid)) return [];
    return [{ ...process, problem: { reason: 'libvirt', ...whyUnlisted(unasked) } }];
  });
  return [...domains, ...others];
}

const whyUnlisted = ([first]: readonly Unasked[]): { detail: string; remedy: string } =>
  first
    ? { detail: `This guest belongs to libvirt. ${first.reason}`, remedy: first.remedy }
    : {
        detail: 'This guest belongs to a libvirt that Reveille does not see: another user’s session, or one that is not running.',
        remedy: 'Start that libvirt, or run Reveille as the user whose session it is.',
      };
