import { spawn } from 'node:child_process';
import path from 'node:path';
import { until } from '../guest/deadline';
import { openQmp, type TestQmp } from '../guest/qmp';
import { findProgram } from '../guest/run';
import { endChild } from './ssh-keys';

const QEMU = 'qemu-system-x86_64';

export const bareQemusCanRun = (): boolean => findProgram(QEMU) !== undefined;

/** A QEMU without a machine: a real monitor in 22 MB, whose vCPUs can be stopped and continued. */
export interface BareQemu {
  readonly name: string;
  /** The socket of the app's monitor. */
  readonly monitor: string;
  /** The test's own monitor, which it holds. */
  readonly qmp: TestQmp;
  /** What QEMU says of itself. */
  status(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts one whose first monitor is free, and whose second one the test holds. `among`: a process in whose PID
 * namespace it runs, and ends.
 */
export async function startBareQemu(folder: string, name: string, among?: number): Promise<BareQemu> {
  const [monitor, own] = [`${name}.qmp`, `${name}.test`].map((file) => path.join(folder, file)) as [string, string];
  const listening = (socket: string) => ['-qmp', `unix:${socket},server=on,wait=off`];
  const machine = ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8'];
  const command = [QEMU, ...machine, '-name', name, ...listening(monitor), ...listening(own)];
  const enter = among === undefined ? [] : ['nsenter', '-t', String(among), '-p', '-m', `--wd=${folder}`];
  const [program = QEMU, ...args] = [...enter, ...command];
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const qmp = await until(20_000, `${name} listens`, () => openQmp(own).catch(() => undefined));
  return {
    name,
    monitor,
    qmp,
    async status() {
      const { status } = (await qmp.execute('query-status')) as { status: string };
      return status;
    },
    async stop() {
      qmp.close();
      await endChild(child, 'SIGKILL');
    },
  };
}
