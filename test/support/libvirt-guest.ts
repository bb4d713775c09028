import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { kernelCommandLine } from '../guest/command-line';
import { until } from '../guest/deadline';
import { ensureGuestImage } from '../guest/image';
import { commandLineOf } from '../guest/processes';
import { makeSparse } from '../guest/sparse';
import { guestsCanRun } from '../guest/tiny-guest';
import { domainXml, type DomainOptions } from './libvirt-domain';
import { libvirtdPresent, type TestLibvirtd } from './libvirtd';

/** Whether libvirt can run real guests here. */
export const libvirtGuestsCanRun = (): boolean => guestsCanRun() && libvirtdPresent();

/** What differs from a domain with 192 MiB, S3 and S4 on, a swap disk, an agent channel and a running agent. */
export interface LibvirtGuestOptions extends Omit<DomainOptions, 'boot'> {
  /** Whether it has a swap disk, without which it cannot hibernate. */
  readonly swap?: boolean;
  /** Whether it runs its agent. */
  readonly agentRunning?: boolean;
  /** Whether its agent offers hybrid sleep. */
  readonly hybrid?: boolean;
}

/** A tiny real guest that libvirt owns; defined, and shut off until start(). */
export interface LibvirtGuest {
  readonly name: string;
  readonly uuid: string;
  readonly xml: string;
  /** `virsh start`, and an answering agent unless it has none. */
  start(): Promise<void>;
  /** `virsh domstate --reason`: "pmsuspended (unknown)". */
  state(): Promise<string>;
  untilState(pattern: RegExp, ms?: number): Promise<void>;
  waitForAgent(ms?: number): Promise<void>;
  /** A call to the agent, by libvirt. @throws Error with virsh's words */
  agent(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Runs a shell command in the guest. @returns trimmed standard output. @throws Error when its status is not 0 */
  exec(command: string): Promise<string>;
  bootId(): Promise<string>;
  consoleText(): Promise<string>;
  /** Resolves when the guest's init is done, agent or not. */
  untilUp(times?: number): Promise<void>;
  /** Its QEMU's process. @throws Error when there is none */
  pid(): number;
}

/** Defines a guest of the image of test/guest. */
export async function defineGuest(libvirtd: TestLibvirtd, options: LibvirtGuestOptions): Promise<LibvirtGuest> {
  const { name, uuid = randomUUID(), swap = true, agentRunning = true, hybrid = true, agentChannel = true } = options;
  const image = await ensureGuestImage();
  const folder = path.join(libvirtd.folder, 'guests', uuid);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o777); // a session's QEMU runs as another user
  const memoryMiB = options.memoryMiB ?? 192;
  const swapFile = path.join(folder, 'swap.img');
  if (swap) {
    await makeSparse(swapFile, (memoryMiB + 64) * 1024 * 1024);
    await chmod(swapFile, 0o666);
  }
  const consoleFile = path.join(folder, 'console.log');
  const xml = domainXml({
    ...options,
    uuid,
    memoryMiB,
    boot: {
      ...image,
      commandLine: kernelCommandLine({ name, agent: agentChannel, agentRunning, hybrid }),
      swap: swap ? swapFile : null,
      console: consoleFile,
    },
  });
  await libvirtd.define(xml);

  const agent = async (command: string, args?: Record<string, unknown>) => {
    const request = JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) });
    const reply = await libvirtd.virsh('qemu-agent-command', uuid, '--timeout', '10', request);
    return (JSON.parse(reply) as { return: unknown }).return;
  };
  const exec = async (command: string) => {
    const args = { path: '/bin/sh', arg: ['-c', command], 'capture-output': true };
    const { pid } = (await agent('guest-exec', args)) as { pid: number };
    const status = await until(10_000, `in ${name}: ${command}`, async () => {
      const now = (await agent('guest-exec-status', { pid })) as ExecStatus;
      return now.exited ? now : undefined;
    });
    const text = (encoded = '') => Buffer.from(encoded, 'base64').toString('utf8');
    if (status.exitcode === 0) return text(status['out-data']).trim();
    throw new Error(`In ${name}, ${command}: status ${status.exitcode}: ${text(status['err-data'])}`);
  };
  const state = () => libvirtd.domstate(uuid);
  const waitForAgent = async (ms = 60_000) => {
    // libvirt refuses at once while the guest's end of the channel is closed.
    let last = '';
    await until(ms, () => `agent of ${name}: ${last}`, async () => {
      const reply = await libvirtd.tryVirsh('qemu-agent-command', uuid, '--timeout', '5', '{"execute":"guest-ping"}');
      last = reply.stderr;
      return reply.code === 0 || undefined;
    }, 100);
  };
  const consoleText = () => readFile(consoleFile, 'utf8');

  return {
    name,
    uuid,
    xml,
    async start() {
      await libvirtd.virsh('start', uuid);
      if (agentChannel && agentRunning) await waitForAgent();
    },
    state,
    async untilState(pattern, ms = 30_000) {
      let last = '';
      await until(ms, () => `${name} is ${String(pattern)}, but: ${last}`, async () => {
        last = await state();
        return pattern.test(last) || undefined;
      }, 50);
    },
    waitForAgent,
    agent,
    exec,
    bootId: () => exec('cat /proc/sys/kernel/random/boot_id'),
    consoleText,
    async untilUp(times = 1) {
      const ups = async () => (await consoleText()).split(' is up, boot ').length - 1;
      await until(60_000, `boot of ${name}`, async () => (await ups()) >= times || undefined, 50);
    },
    pid() {
      const found = libvirtd.guestProcesses().find((pid) => commandLineOf(pid)?.includes(uuid));
      if (found === undefined) throw new Error(`${name} has no process`);
      return found;
    },
  };
}

/** Source: QEMU, qga/qapi-schema.json, GuestExecStatus. */
interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}
