import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../main/hosts/discovery/command-line';
import { relativePaths } from '../../../../main/hosts/discovery/relative-paths';

const found = (text: string, platform: NodeJS.Platform = 'linux') => [
  ...new Set(relativePaths(parseCommandLine(text.split(' ')), platform)),
];

describe('relativePaths', () => {
  it.each([
    ['-drive file=disk.qcow2,if=virtio', 'disk.qcow2'],
    ['-drive vm/disk.qcow2', 'vm/disk.qcow2'],
    ['-hda disk.img', 'disk.img'],
    ['disk.img', 'disk.img'],
    ['-blockdev driver=qcow2,file.driver=file,file.filename=a.qcow2', 'a.qcow2'],
    ['-blockdev {"driver":"qcow2","file":{"driver":"file","filename":"a.qcow2"}}', 'a.qcow2'],
    ['-qmp unix:qmp.sock,server', 'qmp.sock'],
    ['-chardev socket,id=c,path=./qga.sock,server=on', './qga.sock'],
    ['-pidfile vm.pid', 'vm.pid'],
    ['-L .', '.'],
    ['-drive file=fat:rw:share', 'share'],
    ['-spice unix=on,addr=vm.spice', 'vm.spice'],
  ])('sees that of %s', (text, path) => {
    expect(found(text)).toEqual([path]);
  });

  it.each([
    '-drive file=/vm/disk.qcow2,if=virtio -hda /a.img -kernel /vmlinuz -qmp unix:/run/a.qmp,server',
    '-netdev tap,id=n,script=no,downscript=no -device virtio-net-pci,netdev=n,romfile=,addr=0x3',
    '-drive file=nbd:localhost:10809 -cdrom https://example.org/a.iso',
    '-chardev socket,id=c,path=name,abstract=on,server=on -qmp unix:other,abstract=on,server',
    '-name disk.img -append root=/dev/vda -m 2G',
  ])('sees none in %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('knows drives, shares and pipes of Windows', () => {
    const absolute =
      '-hda C:\\vm\\a.qcow2 -drive file=d:/b.img -cdrom \\\\server\\share\\c.iso -qmp pipe:qmp-web';
    expect(found(`${absolute} -chardev pipe,id=p,path=agent`, 'win32')).toEqual([]);
    expect(found('-hda vm\\a.qcow2 -L .', 'win32')).toEqual(['vm\\a.qcow2', '.']);
  });
});
