import { randomUUID } from 'node:crypto';

/** A domain as libvirt defines it. What is not said is as libvirt has it by default. */
export interface DomainOptions {
  readonly name: string;
  readonly uuid?: string;
  readonly memoryMiB?: number;
  /**
   * The definition's <pm>: on, off (as virt-manager defines x86 guests), or no such element, which leaves both
   * on for machine pc. Both are the same unless said for each.
   */
  readonly pm?: PmSwitch | { readonly mem: PmSwitch; readonly disk: PmSwitch };
  /** Whether there is a channel for the guest agent. */
  readonly agentChannel?: boolean;
  readonly machine?: 'pc' | 'q35';
  /** A VGA adapter, of which there are screenshots. */
  readonly screen?: boolean;
  readonly network?: boolean;
  /** Elements of <devices>. */
  readonly devices?: readonly string[];
  readonly boot?: DomainBoot;
  /** What happens by itself after a guest's end. */
  readonly onPoweroff?: 'destroy' | 'restart' | 'preserve';
  readonly onCrash?: 'destroy' | 'restart' | 'preserve';
}

export type PmSwitch = 'yes' | 'no' | 'absent';

/** What a domain boots: without it, nothing; its firmware finds no disk and waits. */
export interface DomainBoot {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  /** A raw image that the guest swaps and hibernates to. */
  readonly swap: string | null;
  /** A file that gets what the guest says on its serial port. */
  readonly console: string;
}

/**
 * The definition of a small domain on machine pc under TCG.
 * Source: libvirt, docs/formatdomain.rst.
 */
export function domainXml(options: DomainOptions): string {
  const { name, uuid = randomUUID(), memoryMiB = 32, machine = 'pc', agentChannel = true, boot } = options;
  return `<domain type='qemu'>
  <name>${escaped(name)}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='${machine}'>hvm</type>${boot ? kernelXml(boot) : ''}
  </os>
  <features>
    <acpi/>
    <vmport state='off'/>
    <tcg>
      <tb-cache unit='MiB'>32</tb-cache>
    </tcg>
  </features>
  <cpu mode='maximum'/>
  <on_poweroff>${options.onPoweroff ?? 'destroy'}</on_poweroff>
  <on_crash>${options.onCrash ?? 'destroy'}</on_crash>${pmXml(options.pm ?? 'yes')}
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>${boot ? bootDevicesXml(boot) : ''}${agentChannel ? AGENT_CHANNEL : ''}${
      options.screen ? SCREEN : ''
    }${options.network ? NETWORK : ''}${(options.devices ?? []).join('')}
  </devices>
</domain>
`;
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&apos;');

function pmXml(pm: NonNullable<DomainOptions['pm']>): string {
  const { mem, disk } = typeof pm === 'string' ? { mem: pm, disk: pm } : pm;
  const element = (name: string, state: PmSwitch) => (state === 'absent' ? '' : `\n    <${name} enabled='${state}'/>`);
  const inner = element('suspend-to-mem', mem) + element('suspend-to-disk', disk);
  return inner === '' ? '' : `\n  <pm>${inner}\n  </pm>`;
}

const kernelXml = ({ kernel, initrd, commandLine }: DomainBoot) => `
    <kernel>${escaped(kernel)}</kernel>
    <initrd>${escaped(initrd)}</initrd>
    <cmdline>${escaped(commandLine)}</cmdline>`;

const bootDevicesXml = ({ swap, console }: DomainBoot) => `
    <serial type='file'>
      <source path='${escaped(console)}' append='on'/>
      <target port='0'/>
    </serial>${
      swap === null
        ? ''
        : `
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='unsafe'/>
      <source file='${escaped(swap)}'/>
      <target dev='vda' bus='virtio'/>
      <serial>swap</serial>
    </disk>`
    }`;

/** The path is left to libvirt, as everybody does. */
const AGENT_CHANNEL = `
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>`;

const SCREEN = `
    <video>
      <model type='vga'/>
    </video>`;

const NETWORK = `
    <interface type='user'>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>`;
