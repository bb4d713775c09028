import type { JobKeeper, JobKind, WakeMeans } from './job';

type Lack = { readonly missing: string; readonly remedy: string };

/** @param host "nas" */
export function keeperOn(host: string, kind: JobKind): JobKeeper {
  return { kind, name: `${names[kind]} on ${host}`, survives: survives[kind](host) };
}

const names: Readonly<Record<JobKind, string>> = {
  'systemd-user': 'a systemd timer',
  'systemd-system': 'a systemd timer',
  at: 'an at job',
  sleeper: 'a waiting process',
};

const survives: Readonly<Record<JobKind, (host: string) => string>> = {
  'systemd-user': (host) => `It needs neither Reveille nor a connection, and is lost when ${host} restarts.`,
  'systemd-system': (host) => `It needs neither Reveille nor a connection, and is lost when ${host} restarts.`,
  at: (host) => `It needs neither Reveille nor a connection, and is kept when ${host} restarts, as long as atd is started there.`,
  sleeper: (host) => `It needs neither Reveille nor a connection, and is lost when ${host} restarts or somebody ends the process.`,
};

const noPath: Lack = {
  missing: 'Its monitor is not at a path of the file system, so a job on the host cannot reach it.',
  remedy: 'Give QEMU -qmp unix:/PATH,server=on,wait=off.',
};

/** Why means cannot be used on any host; null when they can. */
export function unusable(means: WakeMeans): Lack | null {
  switch (means.kind) {
    case 'qmp':
      return means.socket.startsWith('/') && !means.socket.includes('\0')
        ? null
        : noPath;
    case 'virsh':
      return UUID.test(means.uuid) && !means.uri.includes('\0') && !means.uri.startsWith('-')
        ? null
        : { missing: 'The domain has no usable UUID.', remedy: 'Let Reveille wake it.' };
    case 'qm':
      return Number.isSafeInteger(means.vmid) && means.vmid > 0
        ? null
        : { missing: 'The guest has no usable number.', remedy: 'Let Reveille wake it.' };
    case 'start': {
      const { notStartable, executable, args, cwd, startsPaused } = means.recipe;
      if (notStartable !== undefined) return { missing: notStartable, remedy: 'Let Reveille wake it, or choose Sleep.' };
      const all = [executable, cwd ?? '', ...args, means.socket ?? ''];
      if (cwd === null || !executable.startsWith('/') || all.some((each) => each.includes('\0'))) {
        return { missing: 'Its start command is not fully known.', remedy: 'Let Reveille start it.' };
      }
      if (startsPaused && !means.socket?.startsWith('/')) {
        return {
          missing: 'It starts paused (-S), and a job on the host cannot reach its monitor to let it go on.',
          remedy: 'Give QEMU -qmp unix:/PATH,server=on,wait=off, or leave out -S.',
        };
      }
      return means.from === 'hybrid' && !means.socket?.startsWith('/') ? noPath : null;
    }
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param lack a word of the probe's script */
export function lackOf(lack: string, means: WakeMeans, host: string): Lack {
  switch (lack) {
    case 'socket':
      return {
        missing: `There is no monitor at ${means.kind === 'qmp' ? means.socket : 'its path'} on ${host}.`,
        remedy: 'Check that the guest is running.',
      };
    case 'access':
      return { missing: `You may not connect to its monitor on ${host}.`, remedy: 'Connect as the user who runs QEMU.' };
    case 'speaker':
      return {
        missing: `${host} has no program that could speak to its monitor.`,
        remedy: 'Install perl, python3, socat or nc (OpenBSD’s) there.',
      };
    case 'virsh':
      return { missing: `${host} has no virsh.`, remedy: 'Install libvirt’s client programs there (libvirt-clients).' };
    case 'domain':
      return {
        missing: `virsh on ${host} cannot see the domain.`,
        remedy: 'Check there that virsh domstate works for this user: the group libvirt lets it.',
      };
    case 'qm':
      return { missing: `Proxmox’s program qm is not found on ${host}.`, remedy: 'Let Reveille wake it.' };
    case 'root':
      return { missing: `Proxmox lets root alone wake guests on ${host}.`, remedy: 'Connect as root.' };
    case 'folder':
      return { missing: 'The folder that the guest was started in is gone.', remedy: 'Check that it still exists.' };
    default:
      return { missing: `Its program cannot be run on ${host}.`, remedy: 'Check that it still exists.' };
  }
}

export const noLinux = (host: string, system: string): Lack => ({
  missing: `${host} runs ${/^[\w.-]{1,40}$/.test(system) ? system : 'another system'}, and only Linux hosts keep alarms.`,
  remedy: 'Let Reveille wake it.',
});

export const noKeeper = (host: string): Lack => ({
  missing: `${host} ends what its users leave behind when they log out (KillUserProcesses), and has no at that you may use.`,
  remedy: 'Run loginctl enable-linger there, or install at and see that atd runs.',
});
