import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Platform } from '../../main/app';
import { systemClock } from '../../main/clock';
import type { FoundGuest } from '../../main/hosts/discovery/found';
import { createScanDeps, scanThisComputer } from '../../main/hosts/discovery/local';
import { runCommand } from '../../main/hosts/discovery/run-command';
import { sshOnThisComputer } from '../../main/hosts/ssh/here';
import { createQuestions } from '../../main/hosts/ssh/questions';
import { createSecrets } from '../../main/hosts/ssh/secrets';
import { createSshHost, type SshHost } from '../../main/hosts/ssh/ssh-host';
import { dial, type SocketAddress } from '../../main/protocols/sockets';
import { noKeyring } from '../fakes/secret-store';
import { until } from '../guest/deadline';
import { endChild, makeKey, type TestKey } from '../support/ssh-keys';
import { sshHome } from '../support/ssh-home';
import { startSshd, type TestSshd } from '../support/sshd';

export const QEMU = 'qemu-system-x86_64';

/** A QEMU without a machine: a real monitor, and little else. */
export interface BareQemu {
  readonly pid: number;
  readonly name: string;
  readonly monitors: readonly (SocketAddress & { kind: 'unix' })[];
}

/** An OpenSSH server on loopback, and what a user's ~/.ssh says of it. */
export interface SshServer {
  readonly sshd: TestSshd;
  readonly key: TestKey;
  /** The alias in the configuration. */
  readonly alias: string;
  /** For ssh(1): it asks nothing. */
  readonly sshArguments: readonly string[];
  /** For the app: the same user, key and known_hosts. */
  readonly ssh: Pick<Platform['ssh'], 'places' | 'local' | 'usualAgent'>;
}

/** What one bench starts; all of it ends with the lab. */
export interface Lab {
  readonly folder: string;
  /** Runs `end` when the lab is left, the last one first. */
  onLeave(end: () => unknown): void;
  qemus(count: number, monitors?: number): Promise<BareQemu[]>;
  sshServer(): Promise<SshServer>;
  leave(): Promise<void>;
}

export async function enterLab(): Promise<Lab> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reveille-bench-'));
  const ends: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  let serial = 0;
  return {
    folder,
    onLeave: (end) => void ends.push(end),
    qemus: async (count, monitors = 1) => {
      const qemus = Array.from({ length: count }, () => startQemu(folder, (serial += 1), monitors, ends));
      for (const { monitors: all } of qemus) for (const address of all) await untilListening(address);
      return qemus;
    },
    sshServer: () => startServer(folder, ends),
    async leave() {
      const failures: unknown[] = [];
      for (const end of ends.splice(0).reverse()) {
        try {
          await end();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Not all could be ended');
    },
  };
}

function startQemu(folder: string, serial: number, count: number, ends: (() => unknown)[]): BareQemu {
  const name = `bench-${serial}`;
  const monitors = Array.from({ length: count }, (_, at) => ({
    kind: 'unix' as const,
    path: path.join(folder, `${name}.${at}`),
  }));
  const args = ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', '-name', name];
  for (const monitor of monitors) args.push('-qmp', `unix:${monitor.path},server=on,wait=off`);
  const child = spawn(QEMU, args, { stdio: 'ignore', cwd: folder });
  ends.push(() => endChild(child, 'SIGKILL'));
  if (child.pid === undefined) throw new Error(`${QEMU} does not start`);
  return { pid: child.pid, name, monitors };
}

const untilListening = (address: SocketAddress): Promise<true> =>
  until(20_000, 'QEMU listens', async () => {
    const stream = await dial(address, { clock: systemClock }).catch(() => undefined);
    stream?.destroy();
    return stream && (true as const);
  });

async function startServer(folder: string, ends: (() => unknown)[]): Promise<SshServer> {
  const key = makeKey(folder);
  // The start-up files of whoever runs the bench are not measured.
  const sshd = await startSshd({ authorizedKeys: [key], config: [`SetEnv HOME="${folder}"`] });
  ends.push(() => sshd.stop());
  const alias = 'bench-host';
  const ssh = await sshHome(folder, key, [{ alias, port: sshd.port, sshd }]);
  const known = path.join(folder, '.ssh', 'known_hosts');
  const options = ['BatchMode=yes', `UserKnownHostsFile=${known}`].flatMap((option) => ['-o', option]);
  const sshArguments = ['-F', path.join(folder, '.ssh', 'config'), ...options, alias];
  return { sshd, key, alias, ssh, sshArguments };
}

/** The app's host behind SSH, not connected yet. It has nobody to ask. */
export function sshHost({ alias, ssh }: SshServer, lab: Lab): SshHost {
  const host = createSshHost({
    saved: { id: 'bench', address: alias, name: '', enabled: true, lastReady: null },
    clock: systemClock,
    random: Math.random,
    around: {
      clock: systemClock,
      ...sshOnThisComputer({}),
      ...ssh,
      questions: createQuestions(() => {
        throw new Error('The connection asked a question');
      }),
      secrets: createSecrets(noKeyring),
      once: new Set(),
    },
  });
  lab.onLeave(() => host.close());
  return host;
}

/** Resolves when the host is connected. @throws Error when it does not connect at the first try */
export function connected(host: SshHost): Promise<void> {
  return new Promise((resolve, reject) => {
    const unsubscribe = host.link.subscribe((state) => {
      if (state.kind === 'connecting') return;
      unsubscribe();
      if (state.kind === 'ready') resolve();
      else reject(new Error(`It did not connect: ${JSON.stringify(state)}`));
    });
    host.link.connectNow();
  });
}

/** Runs a program to its end. @throws Error when it fails */
export function finish(program: string, args: readonly string[], stdin = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    // One that reads nothing may be gone by now; how it ended tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}

export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  }).status === 0;

/** The QEMUs that run on this computer. */
export const runningQemus = (): Promise<FoundGuest[]> =>
  scanThisComputer(process.platform, createScanDeps(systemClock, runCommand));
