import { describe, expect, it } from 'vitest';
import type { FoundGuest } from '../../../../main/hosts/discovery/found';
import { mergeDomains } from '../../../../main/hosts/libvirt/merge';
import type { ListedDomain } from '../../../../main/hosts/listed';

const UUID = '5eeb11e0-0000-4000-8000-000000000001';
const process = (more: Partial<FoundGuest>): FoundGuest => ({
  ...{ key: `process:${more.name ?? 'nas'}`, pid: 7, startedAt: null, name: 'nas', uuid: null, memoryMiB: null, vcpus: null },
  ...{ machine: null, monitors: [], agent: null, owner: 'user', recipe: null },
  ...more,
});
const domain = (more: Partial<ListedDomain>) =>
  ({ key: `libvirt:system:${more.uuid ?? UUID}`, name: 'nas', uuid: UUID, ...more }) as ListedDomain;
const unasked = { keyPrefix: 'libvirt:system:', reason: 'This user may not open libvirt’s socket.', remedy: 'Join the group.', notable: true };

describe('a host’s guests, each once', () => {
  it('a process of libvirt’s is its domain', () => {
    const nas = domain({});
    expect(mergeDomains([process({ owner: 'libvirt', uuid: UUID })], [nas], [])).toEqual([nas]);
  });

  it('a process of somebody else’s stays, also with a domain’s uuid or name', () => {
    const nas = domain({});
    const others = [process({ uuid: UUID }), process({ name: 'vm', owner: 'proxmox', uuid: UUID, vmid: 100 })];
    expect(mergeDomains(others, [nas], [])).toEqual([nas, ...others]);
  });

  it('a process of libvirt’s without its domain stays, with the reason', () => {
    const [one] = mergeDomains([process({ owner: 'libvirt', uuid: UUID })], [], [unasked]);
    expect(one).toMatchObject({
      uuid: UUID,
      problem: { reason: 'libvirt', detail: expect.stringContaining(unasked.reason), remedy: unasked.remedy },
    });
  });

  it('and with another one where no libvirt is known', () => {
    const [one] = mergeDomains([process({ owner: 'libvirt', uuid: null })], [domain({})], []).slice(1);
    expect(one).toMatchObject({ problem: { reason: 'libvirt', detail: expect.stringContaining('does not see'), remedy: expect.any(String) } });
  });

  it('two domains of one name, and of two libvirts, are two', () => {
    const both = [domain({}), domain({ key: 'libvirt:session:x', uuid: '5eeb11e0-0000-4000-8000-000000000002' })];
    expect(mergeDomains([], both, [])).toEqual(both);
  });

  it('nothing is changed in what it is given', () => {
    const given = Object.freeze(process({ owner: 'libvirt', uuid: UUID }));
    mergeDomains(Object.freeze([given]), [], [unasked]);
    expect(given.problem).toBeUndefined();
  });
});
