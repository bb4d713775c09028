import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RecordedProcess {
  pid: number;
  comm?: string;
  state?: string;
  parent?: number;
  /** In ticks of 10 ms since boot. */
  startTicks?: number;
  /** Null: the link cannot be read, as a kernel thread's. */
  exe?: string | null;
  argv?: readonly string[];
  /** Bytes of cmdline where `argv` is not enough. */
  cmdline?: Buffer;
  cwd?: string | null;
  root?: string;
  uid?: number;
  environment?: readonly string[];
  /** Descriptor to link text. */
  files?: Readonly<Record<number, string>>;
  mounts?: string;
  network?: string;
}

export interface ProcTree {
  root: string;
  add(process: RecordedProcess): void;
  remove(pid: number): void;
  /** Rows of net/unix, net/tcp and net/tcp6, as a process of this network namespace sees them. */
  sockets(pid: number, tables: { unix?: string; tcp?: string; tcp6?: string }): void;
  dispose(): void;
}

export const BOOT_SECONDS = 1_795_377_398;
const OUR_MOUNTS = 'mnt:[4026531841]';
const OUR_NETWORK = 'net:[4026531840]';

/** A folder laid out as Linux lays out /proc, with what the scan reads there. */
export function procTree(): ProcTree {
  const root = mkdtempSync(join(tmpdir(), 'proc-'));
  const link = (target: string | null | undefined, ...path: string[]) => {
    if (target != null) symlinkSync(target, join(root, ...path));
  };
  writeFileSync(join(root, 'stat'), `cpu  1 2 3 4\nintr 9 9\nctxt 7\nbtime ${BOOT_SECONDS}\nprocesses 12\n`);
  for (const name of ['uptime', 'cpuinfo', 'version']) writeFileSync(join(root, name), '');
  mkdirSync(join(root, 'self', 'ns'), { recursive: true });
  link(OUR_MOUNTS, 'self', 'ns', 'mnt');
  link(OUR_NETWORK, 'self', 'ns', 'net');
  return {
    root,
    add(process) {
      const { pid, comm = 'qemu-system-x86', state = 'S', parent = 1, startTicks = 5000 } = process;
      const at = String(pid);
      mkdirSync(join(root, at, 'ns'), { recursive: true });
      mkdirSync(join(root, at, 'fd'));
      const rest = Array.from({ length: 17 }, (_, field) => field).join(' ');
      writeFileSync(
        join(root, at, 'stat'),
        `${pid} (${comm}) ${state} ${parent} ${rest} ${startTicks} 3133440 380 1\n`,
      );
      writeFileSync(
        join(root, at, 'status'),
        `Name:\t${comm}\nUid:\t${process.uid ?? 1000}\t${process.uid ?? 1000}\t0\t0\n`,
      );
      const argv = process.argv ?? ['qemu-system-x86_64'];
      writeFileSync(join(root, at, 'cmdline'), process.cmdline ?? argv.map((arg) => `${arg}\0`).join(''));
      writeFileSync(
        join(root, at, 'environ'),
        (process.environment ?? []).map((entry) => `${entry}\0`).join(''),
      );
      link(process.exe === undefined ? '/usr/bin/qemu-system-x86_64' : process.exe, at, 'exe');
      link(process.cwd === undefined ? '/home/me/vm' : process.cwd, at, 'cwd');
      link(process.root ?? '/', at, 'root');
      link(process.mounts ?? OUR_MOUNTS, at, 'ns', 'mnt');
      link(process.network ?? OUR_NETWORK, at, 'ns', 'net');
      for (const [fd, target] of Object.entries(process.files ?? {})) link(target, at, 'fd', fd);
    },
    remove(pid) {
      rmSync(join(root, String(pid)), { recursive: true });
    },
    sockets(pid, tables) {
      mkdirSync(join(root, String(pid), 'net'));
      const head = 'header\n';
      for (const name of ['unix', 'tcp', 'tcp6'] as const) {
        writeFileSync(join(root, String(pid), 'net', name), head + (tables[name] ?? ''));
      }
    },
    dispose: () => rmSync(root, { recursive: true }),
  };
}
