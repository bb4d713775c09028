import path from 'node:path';
import type { GuestImage } from './image';

export interface GuestCommandLineOptions {
  name: string;
  uuid: string;
  memoryMiB: number;
  machine: 'pc' | 'q35';
  accel: 'tcg' | 'kvm';
  disableS3: boolean;
  disableS4: boolean;
  /** whether there is a swap disk, without which the guest cannot hibernate */
  swap: boolean;
  /** whether there is a guest agent channel */
  agent: boolean;
  /** whether the guest runs its agent */
  agentRunning: boolean;
  hybrid: boolean;
  network: boolean;
  /** how the sockets are written: -qmp, or as libvirt does, with -mon, -chardev and a port that has an id */
  monitorStyle: 'qmp' | 'mon';
  noShutdown: boolean;
  paused: boolean;
  daemonize: boolean;
  extraArgs: readonly string[];
}

/** The files of a guest; all its paths are absolute, so it can be started again from any folder. */
export function guestFiles(dir: string) {
  return {
    qmp: path.join(dir, 'qmp.sock'),
    agent: path.join(dir, 'agent.sock'),
    swap: path.join(dir, 'swap.img'),
    console: path.join(dir, 'console.log'),
    stderr: path.join(dir, 'qemu.log'),
  };
}

/** QEMU's arguments, after its name. Starting it again with them continues on the same swap disk. */
export function guestCommandLine(image: GuestImage, dir: string, options: GuestCommandLineOptions): string[] {
  const files = guestFiles(dir);
  const pm = options.machine === 'q35' ? 'ICH9-LPC' : 'PIIX4_PM';
  return [
    ...['-name', nameValue(options.name), '-uuid', options.uuid],
    ...['-machine', `${options.machine},usb=off,vmport=off`],
    ...(options.accel === 'tcg'
      ? ['-accel', 'tcg,thread=single,tb-size=32', '-cpu', 'max']
      : ['-accel', 'kvm', '-cpu', 'host']),
    ...['-smp', '1', '-m', `${options.memoryMiB}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none'],
    ...['-global', `${pm}.disable_s3=${Number(options.disableS3)}`],
    ...['-global', `${pm}.disable_s4=${Number(options.disableS4)}`],
    ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', kernelCommandLine(options)],
    ...monitorArgs(files.qmp, options.monitorStyle),
    // Appending keeps what the guest said before it was started again.
    ...['-chardev', `file,id=console,path=${optionValue(files.console)},append=on`],
    ...['-serial', 'chardev:console'],
    ...(options.agent ? agentArgs(files.agent, options.monitorStyle) : []),
    ...(options.swap ? swapArgs(files.swap) : []),
    ...(options.network ? ['-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile='] : []),
    ...(options.noShutdown ? ['-no-shutdown'] : []),
    ...(options.paused ? ['-S'] : []),
    ...(options.daemonize ? ['-daemonize'] : []),
    ...options.extraArgs,
  ];
}

/** In QEMU's option syntax a comma ends a value unless it is doubled. */
function optionValue(value: string): string {
  return value.replaceAll(',', ',,');
}

/** The name as `-name` takes it: "guest=" may be left out only where the name itself holds no "=". */
function nameValue(name: string): string {
  return name.includes('=') ? `guest=${optionValue(name)}` : optionValue(name);
}

/** What the guest's kernel and init (rootfs/init) are told. */
export function kernelCommandLine(
  options: Pick<GuestCommandLineOptions, 'name' | 'agent' | 'agentRunning' | 'hybrid'>,
): string {
  const hostName = options.name.replace(/[^A-Za-z0-9-]+/g, '-').replace(/^-+|-+$/g, '') || 'guest';
  return [
    'console=ttyS0 quiet no_console_suspend nokaslr mitigations=off no_timer_check panic=1',
    `guest.name=${hostName.slice(0, 63)}`,
    `guest.agent=${options.agent && options.agentRunning ? 'run' : 'off'}`,
    `guest.hybrid=${options.hybrid ? 'on' : 'off'}`,
  ].join(' ');
}

function monitorArgs(socket: string, style: GuestCommandLineOptions['monitorStyle']): string[] {
  switch (style) {
    case 'qmp':
      return ['-qmp', `unix:${optionValue(socket)},server=on,wait=off`];
    case 'mon':
      return ['-chardev', socketChardev('qmp0', socket), '-mon', 'chardev=qmp0,mode=control'];
  }
}

function agentArgs(socket: string, style: GuestCommandLineOptions['monitorStyle']): string[] {
  const port = { driver: 'virtserialport', chardev: 'agent0', name: 'org.qemu.guest_agent.0' };
  const plain = `${port.driver},chardev=${port.chardev},name=${port.name}`;
  return [
    ...['-device', 'virtio-serial-pci'],
    ...['-chardev', socketChardev('agent0', socket)],
    ...['-device', style === 'mon' ? JSON.stringify({ ...port, id: 'channel0' }) : plain],
  ];
}

function socketChardev(id: string, socket: string): string {
  return `socket,id=${id},path=${optionValue(socket)},server=on,wait=off`;
}

function swapArgs(file: string): string[] {
  return [
    ...['-drive', `file=${optionValue(file)},if=none,id=swap,format=raw,cache=unsafe`],
    ...['-device', 'virtio-blk-pci,drive=swap,serial=swap'],
  ];
}
