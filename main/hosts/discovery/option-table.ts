/**
 * QEMU's own options, by whether the next argument is theirs. Source: DEF(name, HAS_ARG or 0, ...) in
 * qemu-options.hx, QEMU 1.x to 10.x, with the few that distributions add (-id of Proxmox).
 */
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const FLAGS = new Set(
  words(`
    h help version S s usb snapshot daemonize nodefaults no-user-config nodefconfig nographic curses no-frame
    alt-grab ctrl-grab no-quit sdl portrait full-screen win2k-hack no-fd-bootchk no-acpi no-hpet no-reboot
    no-shutdown singlestep one-insn-per-tick enable-kvm no-kvm no-kvm-irqchip no-kvm-pit
    no-kvm-pit-reinjection enable-hax enable-nesting mem-prealloc only-migratable preconfig enable-fips
    enable-sync-profile xen-attach xen-create xen-domid-restrict tdf old-param semihosting async-teardown
    audio-help rtc-td-hack localtime perfmap jitdump
  `),
);

const WITH_ARGUMENT = new Set(
  words(`
    machine M cpu accel smp numa add-fd set global boot m mem-path k audio audiodev soundhw device name uuid
    id fda fdb hda hdb hdc hdd hdachs cdrom blockdev drive mtdblock sd pflash fsdev virtfs iscsi usbdevice
    display spice rotate vga g vnc acpitable smbios netdev nic net tftp bootp redir smb chardev bt tpmdev bios
    kernel shim append initrd dtb compat fw_cfg serial parallel monitor qmp qmp-pretty mon debugcon pidfile
    gdb d D dfilter seed L tb-size xen-domid action loadvm option-rom clock startdate rtc icount watchdog
    watchdog-action echr virtioconsole balloon incoming chroot runas run-with prom-env semihosting-config
    sandbox readconfig writeconfig trace plugin msg dump-vmstate overcommit realtime object qtest qtest-log
  `),
);

/** `unknown` is an option of a QEMU newer or older than the table. */
export function optionArity(name: string): 'flag' | 'argument' | 'unknown' {
  if (FLAGS.has(name)) return 'flag';
  return WITH_ARGUMENT.has(name) ? 'argument' : 'unknown';
}
