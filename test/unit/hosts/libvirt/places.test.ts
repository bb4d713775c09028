import { describe, expect, it } from 'vitest';
import { linuxPlaces, placesHere, type Here } from '../../../../main/hosts/libvirt/places';

const here = (platform: NodeJS.Platform, env: Here['env'] = {}, uid: number | null = 1000): Here => ({ platform, home: '/home/me', env, uid });
const paths = (places: ReturnType<typeof placesHere>) =>
  places.map(({ uri, sockets, readOnlySockets }) => ({
    uri,
    sockets: sockets.map((address) => 'path' in address && address.path),
    readOnly: readOnlySockets.map((address) => 'path' in address && address.path),
  }));
const SYSTEM = {
  uri: 'qemu:///system',
  sockets: ['/var/run/libvirt/virtqemud-sock', '/var/run/libvirt/libvirt-sock'],
  readOnly: ['/var/run/libvirt/virtqemud-sock-ro', '/var/run/libvirt/libvirt-sock-ro'],
};
const session = (folder: string) => ({
  uri: 'qemu:///session',
  sockets: [`${folder}/virtqemud-sock`, `${folder}/libvirt-sock`],
  readOnly: [],
});

describe('where libvirt listens', () => {
  it.each<[string, Here, unknown]>([
    ['Linux', here('linux', { XDG_RUNTIME_DIR: '/tmp/run' }), [SYSTEM, session('/tmp/run/libvirt')]],
    ['Linux without a run-time folder in its environment', here('linux'), [SYSTEM, session('/run/user/1000/libvirt')]],
    ['Linux with an empty one', here('linux', { XDG_RUNTIME_DIR: '' }), [SYSTEM, session('/run/user/1000/libvirt')]],
    ['Windows', here('win32', {}, null), []],
    ['another system', here('freebsd'), []],
  ])('%s', (_, where, expected) => {
    expect(paths(placesHere(where))).toEqual(expected);
  });

  it('macOS: below Homebrew’s two prefixes, and in the user’s cache', () => {
    const [system, own] = paths(placesHere(here('darwin')));
    expect(system!.sockets).toEqual([
      '/opt/homebrew/var/run/libvirt/virtqemud-sock',
      '/opt/homebrew/var/run/libvirt/libvirt-sock',
      '/usr/local/var/run/libvirt/virtqemud-sock',
      '/usr/local/var/run/libvirt/libvirt-sock',
    ]);
    expect(own).toEqual(session('/home/me/.cache/libvirt'));
    expect(paths(placesHere(here('darwin', { XDG_CACHE_HOME: '/c' })))[1]).toEqual(session('/c/libvirt'));
  });

  it('a remote Linux: with and without a run-time folder', () => {
    expect(paths(linuxPlaces('/run/user/7'))).toEqual([SYSTEM, session('/run/user/7/libvirt')]);
    expect(paths(linuxPlaces(null))).toEqual([SYSTEM]);
  });
});
