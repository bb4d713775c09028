import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../main/hosts/discovery/command-line';
import { ownerOf, proxmoxIdOf } from '../../../../main/hosts/discovery/ownership';
import { startRecipe, type RecipeFacts } from '../../../../main/hosts/discovery/recipe';

const words = (text: string) => text.split(' ').filter((word) => word !== '');
function recipe(args: string[], over: Partial<RecipeFacts> = {}) {
  const commandLine = parseCommandLine(args);
  const owner = ownerOf(commandLine);
  return startRecipe({
    commandLine,
    executable: '/usr/bin/qemu',
    args,
    cwd: '/vm',
    owner,
    vmid: proxmoxIdOf(commandLine),
    qm: null,
    obstacle: null,
    ...over,
  });
}

describe('startRecipe', () => {
  it('repeats the arguments as they are', () => {
    const args = ['-name', 'a b', '-append', 'x; rm -rf $HOME', '-S', '', '-pidfile', '/run/a.pid'];
    expect(recipe(args)).toEqual({
      executable: '/usr/bin/qemu',
      args,
      cwd: '/vm',
      daemonizes: false,
      startsPaused: true,
    });
    expect(recipe(['-daemonize'])).toMatchObject({ daemonizes: true, startsPaused: false });
  });

  it.each([
    ['-netdev tap,id=n,fd=30', '-netdev fd=30'],
    ['-netdev tap,id=n,fds=30:31,vhostfds=32:33', '-netdev fds=30:31'],
    ['-netdev tap,id=n,ifname=t0,vhost=on,vhostfd=31', '-netdev vhostfd=31'],
    ['-netdev stream,id=n,addr.type=fd,addr.str=5', '-netdev addr.str=5'],
    ['-netdev dgram,id=n,local.type=fd,local.str=5', '-netdev local.str=5'],
    ['-chardev socket,id=c,fd=22,server=on', '-chardev fd=22'],
    ['-add-fd set=0,fd=20,opaque=disk', '-add-fd set=0,fd=20,opaque=disk'],
    ['-device vhost-vsock-pci,guest-cid=3,vhostfd=25', '-device vhostfd=25'],
    ['-serial unix:,fd=3,server', '-serial fd=3'],
    ['-drive file=/dev/fdset/2,if=virtio', '/dev/fdset/2'],
    ['-fw_cfg name=opt/x,file=/dev/fd/63', '/dev/fd/63'],
    ['-kernel /proc/self/fd/4', '/proc/self/fd/4'],
  ])('refuses inherited files: %s', (text, named) => {
    expect(recipe(words(text)).notStartable).toContain(`(${named})`);
  });

  it('finds inherited files in JSON', () => {
    const netdev = { type: 'tap', id: 'n', fd: '30' };
    expect(recipe(['-netdev', JSON.stringify(netdev)]).notStartable).toContain('-netdev fd=30');
    const chardev = {
      id: 'c',
      backend: { type: 'socket', data: { addr: { type: 'fd', data: { str: '22' } } } },
    };
    expect(recipe(['-chardev', JSON.stringify(chardev)]).notStartable).toContain(
      'backend.data.addr.data.str=22',
    );
  });

  it.each([
    '-netdev user,id=n,hostfwd=tcp::2222-:22',
    '-append fd=3',
    '-netdev stream,id=n,addr.type=inet,addr.host=h,addr.port=1',
    '-netdev dgram,id=n,local.type=unix,local.str=5',
    '-device virtio-net-pci,netdev=n',
    '-drive file=/dev/fd0',
    '-name fd=3',
  ])('sees none in %s', (text) => {
    expect(recipe(words(text))).not.toHaveProperty('notStartable');
  });

  it.each([
    ['-incoming tcp:0:4444', /-incoming/],
    ['-incoming defer', /-incoming/],
    ['-loadvm clean', /-loadvm/],
  ])('refuses %s', (text, reason) => {
    expect(recipe(words(text)).notStartable).toMatch(reason);
  });

  it('leaves managed guests to their manager, whatever else is wrong', () => {
    const libvirt =
      '-object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/m"} -netdev tap,fd=3';
    expect(recipe(words(libvirt)).notStartable).toMatch(/libvirt/);
    const proxmox =
      '-chardev socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on -mon chardev=qmp,mode=control';
    expect(recipe(words(proxmox)).notStartable).toMatch(/Proxmox/);
  });

  it('says what the caller found, and that the folder is not known', () => {
    expect(recipe([], { obstacle: 'Not yours.' }).notStartable).toBe('Not yours.');
    expect(recipe([], { cwd: null }).notStartable).toMatch(/folder/);
  });
});
