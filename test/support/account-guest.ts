import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './ssh-keys';
import type { TestSshd } from './sshd';

export const QEMU = '/usr/bin/qemu-system-x86_64';

/** A QEMU without a machine, run by an account of the test's server. */
export interface AccountGuest {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly socket: string;
}

/** QEMU reads , in a value as the end of it, unless it is doubled (qemu-options: QemuOpts). */
const option = (text: string): string => text.replaceAll(',', ',,');

/** The account that owns `home`. */
const ownerOf = (home: string): { uid: number; gid: number } => {
  const { uid, gid } = statSync(home);
  return { uid, gid };
};

export interface GuestPlan {
  readonly name: string;
  /** A path below the account's home: the guest's working directory, where its socket and its disk are. */
  readonly folder: string;
  readonly file: string;
}

/** Starts a guest as an account of `sshd`, in its files. The process runs until endGuestsBelow. */
export async function startGuestOf(sshd: TestSshd, account: string, { name, folder, file }: GuestPlan): Promise<AccountGuest> {
  const home = sshd.home(account);
  const owner = ownerOf(home);
  const cwd = join(home, folder);
  await mkdir(cwd, { recursive: true });
  const [socket, disk] = [`${file}.qmp`, `${file}.img`].map((each) => join(cwd, each)) as [string, string];
  await writeFile(disk, Buffer.alloc(65_536));
  for (const path of [cwd, disk]) await chown(path, owner.uid, owner.gid);
  const argv = [
    ...[QEMU, '-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', '-name', option(name)],
    ...['-drive', `if=none,id=disk,format=raw,file=${option(disk)}`],
    ...['-chardev', `socket,id=monitor,server=on,wait=off,path=${option(socket)}`, '-mon', 'chardev=monitor,mode=control'],
  ];
  const place = ['-t', String(sshd.listener()), '-m', '-S', String(owner.uid), '-G', String(owner.gid)];
  const child = spawn('nsenter', [...place, 'env', '-C', cwd, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`QEMU ended with ${child.exitCode}`);
      return existsSync(socket);
    },
    () => `${socket} is there`,
  );
  return { name, argv, cwd, socket };
}

/** The process that has exactly these arguments. */
export const pidOf = (argv: readonly string[]): number | undefined => {
  const wanted = argv.map((each) => `${each}\0`).join('');
  return qemus().find(({ command }) => command === wanted)?.pid;
};

/** Ends the QEMUs whose arguments speak of `folder`. */
export async function endGuestsBelow(folder: string): Promise<void> {
  const own = () => qemus().filter(({ command }) => command.includes(folder));
  for (const { pid } of own()) process.kill(pid, 'SIGKILL');
  await until(() => own().length === 0, 'the guests have ended');
}

function qemus(): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return command.startsWith(QEMU) ? [{ pid: Number(name), command }] : [];
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return [];
      throw error;
    }
  });
}
