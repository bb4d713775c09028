import type { AppView } from '../../../preload/contract/view';

/** A QEMU command line whose guest this app can see and put to sleep, for the system the window runs on. */
export function exampleCommand(platform: AppView['platform']): string {
  const windows = platform === 'win32';
  const folder = platform === 'darwin' ? '$TMPDIR' : '$XDG_RUNTIME_DIR/';
  const monitor = windows ? 'tcp:127.0.0.1:4444' : `unix:${folder}nas-qmp.sock`;
  const agent = windows ? 'host=127.0.0.1,port=4445' : `path=${folder}nas-agent.sock`;
  const lines = [
    'qemu-system-x86_64 -name nas -machine pc -m 2048',
    '-global PIIX4_PM.disable_s3=0 -global PIIX4_PM.disable_s4=0',
    `-qmp ${monitor},server=on,wait=off`,
    `-chardev socket,id=agent,${agent},server=on,wait=off`,
    '-device virtio-serial',
    '-device virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
    'nas.qcow2',
  ];
  return lines.join(windows ? ' ^\n  ' : ' \\\n  ');
}
