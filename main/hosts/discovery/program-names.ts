/**
 * Whether a program's file name is a QEMU system emulator's; `kvm` and `qemu-kvm` are distributions' names
 * for it.
 */
export function isQemuProgram(fileName: string): boolean {
  return /^\.?(?:qemu-system-[\w-]+|qemu-kvm|kvm)$/.test(
    fileName.replace(/-wrapped$/, '').replace(/\.exe$/i, ''),
  );
}

/**
 * Whether a process's short name could be a QEMU's that is just being started, or a script that becomes one.
 */
export const mayBecomeQemu = (comm: string): boolean => /qemu|kvm/i.test(comm);
