import { expect, it } from 'vitest';
import type { Fleet } from '../../../main/guests/fleet';
import type { HostBook } from '../../../main/host-book';
import type { Unasked } from '../../../main/hosts/listed';
import { hostViewOf } from '../../../main/view/host-view';
import { HostView } from '../../../preload/contract/view';

const book = { saved: () => undefined, host: () => undefined } as unknown as HostBook;

const viewWith = (unasked: readonly Unasked[]) => {
  const host = { id: 'local', name: 'here', kind: 'this-computer', simulated: false, link: null, unasked: () => unasked };
  const fleet = { hosts: () => [host], status: () => ({ kind: 'ready' }) } as unknown as Fleet;
  return hostViewOf('local', fleet, book, null);
};

it('tells what could not be asked of a host once, and not what nobody has there', () => {
  const refused = { reason: 'This user may not open libvirt’s socket.', remedy: 'Join its group.', notable: true };
  const view = viewWith([
    { keyPrefix: 'libvirt:system:', ...refused },
    { keyPrefix: 'libvirt:session:', ...refused },
    { keyPrefix: 'libvirt:other:', reason: 'libvirt is not running on its host.', remedy: 'Start it.', notable: false },
  ]);
  expect(HostView.parse(view)).toEqual(view);
  expect(view?.remarks).toEqual([{ text: 'This user may not open libvirt’s socket.', remedy: 'Join its group.' }]);
  expect(viewWith([])?.remarks).toEqual([]);
});
