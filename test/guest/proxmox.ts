import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { execInGuest, openAgent } from './agent';
import { guestCommandLine, guestFiles } from './command-line';
import { until } from './deadline';
import { ensureGuestImage } from './image';
import { endGuestProcesses, findGuestProcesses } from './processes';
import { openQmp } from './qmp';
import { findProgram } from './run';

/** Proxmox VE's src/PVE/QemuServer/Helpers.pm: $var_run_tmpdir. */
const RUN = '/var/run/qemu-server';

/** Whether guests can have Proxmox VE's sockets here, which are where root alone may write. */
export const proxmoxCanBePlayed = process.platform === 'linux' && isWritable(existsSync(RUN) ? RUN : '/var/run');

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a Proxmox VE host has beside QEMU: qm, qmeventd, and a pvestatd that looks at the guest every second. */
export interface ProxmoxGuest {
  readonly name: string;
  readonly vmid: number;
  readonly qmpPath: string;
  readonly agentPath: string;
  /** The folder of `qm`, to be put in PATH. */
  readonly bin: string;
  /** What qm was called with. */
  qmCalls(): string[];
  /** The QEMU that runs now. @throws Error when there is none */
  pid(): number;
  isAlive(): boolean;
  /** Runs a shell command in the guest by the agent. */
  exec(command: string): Promise<string>;
  /** How long pvestatd waited for an answer to query-status, each time since this was last asked, in ms. */
  takeWaits(): { readonly waits: number[]; readonly failures: string[] };
  /** Takes the monitor as a tool of Proxmox does, until what it returns is called. */
  takeMonitor(): Promise<() => void>;
  stop(): Promise<void>;
}

/**
 * Boots the tiny guest as Proxmox VE starts one, by a `qm` of this test's own. The command line follows
 * src/PVE/QemuServer.pm (config_to_command) without what Debian's QEMU lacks (-id).
 */
export async function startProxmoxGuest(name: string): Promise<ProxmoxGuest> {
  const vmid = 900_000_000 + (process.pid % 90_000_000);
  const made = !existsSync(RUN);
  mkdirSync(RUN, { recursive: true });
  const dir = await mkdtemp(path.join(os.tmpdir(), 'proxmox-'));
  const bin = path.join(dir, 'bin');
  const file = (kind: string) => `${RUN}/${vmid}.${kind}`;
  const calls = path.join(dir, 'qm-calls');
  const eventd = await serveQmeventd(path.join(dir, 'qmeventd.sock'));
  await writeQm(bin, { name, vmid, dir, calls, file });
  await runQm(path.join(bin, 'qm'), vmid);
  const pvestatd = startPvestatd(file('qmp'));
  const processes = () => findGuestProcesses(dir);
  return {
    name,
    vmid,
    bin,
    qmpPath: file('qmp'),
    agentPath: file('qga'),
    qmCalls: () => readFileSync(calls, 'utf8').trim().split('\n').slice(1),
    pid() {
      const [pid] = processes();
      if (pid === undefined) throw new Error(`${name} does not run`);
      return pid;
    },
    isAlive: () => processes().length > 0,
    async exec(command) {
      const agent = await openAgent(file('qga'));
      try {
        return (await execInGuest(agent, command)).trim();
      } finally {
        agent.close();
      }
    },
    takeWaits: pvestatd.take,
    async takeMonitor() {
      const { close } = await openQmp(file('qmp'));
      return close;
    },
    async stop() {
      await pvestatd.stop();
      await endGuestProcesses(dir);
      await eventd.stop();
      for (const kind of ['qmp', 'qga', 'pid']) rmSync(file(kind), { force: true });
      if (made) rmdirSync(RUN);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const runQm = (qm: string, vmid: number): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(qm, ['start', `${vmid}`], (error, _stdout, stderr) => {
      if (error) reject(new Error(`qm start: ${stderr}`, { cause: error }));
      else resolve();
    });
  });

interface QmPlaces {
  readonly name: string;
  readonly vmid: number;
  readonly dir: string;
  readonly calls: string;
  file(kind: string): string;
}

async function writeQm(bin: string, { name, vmid, dir, calls, file }: QmPlaces): Promise<void> {
  const program = findProgram('qemu-system-x86_64');
  if (program === undefined) throw new Error('QEMU is not installed');
  const { swap } = guestFiles(dir);
  await writeFile(swap, '');
  await truncate(swap, 256 * 1024 * 1024);
  const plain = guestCommandLine(await ensureGuestImage(), dir, {
    name,
    uuid: randomUUID(),
    memoryMiB: 192,
    machine: 'pc',
    accel: 'tcg',
    disableS3: false,
    disableS4: false,
    swap: true,
    agent: true,
    agentRunning: true,
    hybrid: true,
    network: false,
    monitorStyle: 'qmp',
    noShutdown: true,
    paused: false,
    daemonize: true,
    extraArgs: ['-pidfile', file('pid')],
  });
  const files = guestFiles(dir);
  const sockets = [
    ...['-chardev', `socket,id=qmp,path=${file('qmp')},server=on,wait=off`],
    ...['-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=qmp-event,path=${path.join(dir, 'qmeventd.sock')},reconnect=5`],
    ...['-mon', 'chardev=qmp-event,mode=control'],
  ];
  const at = plain.indexOf('-qmp');
  const argv = [...plain.slice(0, at), ...sockets, ...plain.slice(at + 2)].map((arg, index, all) => {
    if (all[index - 1] === '-name') return `${name},debug-threads=on`;
    return arg.replace(files.agent, file('qga'));
  });
  const uuid = argv.indexOf('-uuid');
  argv.splice(uuid, 2);
  const quoted = [program, ...argv].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  await mkdir(bin);
  await writeFile(calls, '');
  // Proxmox's own qm speaks only when something is wrong, too.
  const script = `#!/bin/sh
echo "$*" >> '${calls}'
case $* in 'start ${vmid}') ;; *) echo "unexpected: $*" >&2; exit 2;; esac
[ ! -e '${path.join(dir, 'broken')}' ] || { echo "storage 'local' is not online" >&2; exit 255; }
exec ${quoted}
`;
  await writeFile(path.join(bin, 'qm'), script);
  await chmod(path.join(bin, 'qm'), 0o755);
}

/**
 * Ends a QEMU whose guest has shut down. Source: src/qmeventd/qmeventd.c (terminate_check, handle_qmp_return): it asks
 * for the state first, and sends quit unless the guest is running, paused, suspended or in prelaunch.
 */
async function serveQmeventd(socketPath: string): Promise<{ stop(): Promise<void> }> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    let text = '';
    const say = (command: string) => socket.write(`{"execute":"${command}"}\n`);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as { QMP?: object; event?: string; return?: { status?: string } };
        if (message.QMP) say('qmp_capabilities');
        else if (message.event === 'SHUTDOWN') say('query-status');
        else if (message.return?.status === 'shutdown') say('quit');
      }
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** A process of its own, as pvestatd is: what keeps the test busy must not count as waiting. */
function startPvestatd(socketPath: string) {
  const child = spawn(process.execPath, ['-e', PVESTATD, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    take() {
      const lines = text.split('\n').filter((line) => line !== '');
      text = '';
      return {
        waits: lines.flatMap((line) => (line.startsWith('waited ') ? [Number(line.slice(7))] : [])),
        failures: lines.filter((line) => !line.startsWith('waited ')),
      };
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Source: src/PVE/QMPClient.pm: retries EAGAIN each 100 ms, gives up after 3 s. */
const PVESTATD = `
const { connect } = require('node:net');
const path = process.argv[1];
function look(began) {
  const socket = connect(path);
  const giveUp = setTimeout(() => { console.log('no greeting within 3 s'); socket.destroy(); }, 3000);
  let text = '';
  let greeted = 0;
  socket.on('error', (error) => {
    clearTimeout(giveUp);
    if (error.code === 'EAGAIN' && Date.now() - began < 3000) setTimeout(look, 100, began);
    else if (!['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code)) console.log(error.code);
  });
  socket.on('close', () => clearTimeout(giveUp));
  socket.on('data', (chunk) => {
    text += chunk;
    if (!greeted && text.includes('"QMP"')) {
      greeted = Date.now();
      console.log('waited ' + (greeted - began));
      socket.write('{"execute":"qmp_capabilities"}{"execute":"query-status"}');
    }
    if (text.includes('"status"')) socket.destroy();
  });
}
setInterval(() => look(Date.now()), 1000);
`;

/** Makes the next `qm start` fail. */
export const breakQm = (guest: ProxmoxGuest): Promise<() => Promise<void>> => {
  const mark = path.join(path.dirname(guest.bin), 'broken');
  return writeFile(mark, '').then(() => () => rm(mark));
};

export const untilGone = (guest: ProxmoxGuest): Promise<true> =>
  until(15_000, `the end of ${guest.name}`, () => (guest.isAlive() ? undefined : true));
