import { execFile, execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FakeLibvirtServer } from '../fakes/libvirt-server';
import type { TestKey } from './ssh-keys';
import { startSshd, type TestAccount, type TestSshd } from './sshd';

/** What would put this computer to sleep or end it; a session of the test host must never reach one of them. */
const DANGEROUS = ['rtcwake', 'systemctl', 'loginctl', 'pm-suspend', 'sudo', 'shutdown', 'poweroff', 'reboot', 'halt'];
const STAND_INS = ['sudo', 'rtcwake', 'systemctl', 'ip'];
const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

/** The card that the test host's connection arrives at, below a bridge. */
export const CARD = { name: 'enp3s0', mac: '52:54:00:ab:cd:ef' };

export interface SleepyHost {
  readonly sshd: TestSshd;
  /** What the stand-ins were called with, oldest first: "rtcwake -m mem -s 7200". */
  calls(): string[];
  /** Those that put a host to sleep, by sudo and without. */
  sleepCalls(): string[];
  /** What sudo lets its users run without a password: rtcwake, systemctl. */
  allow(...programs: ('rtcwake' | 'systemctl')[]): void;
  /** rtcwake says this and fails; null: it does its work. */
  failWith(message: string | null): void;
  /** What /sys/power/state says. */
  states(text: string): void;
  /** rtcwake came back, as it does when the host has slept. */
  finish(): void;
  /** Its kernel counts one sleep more. */
  countSleep(): void;
  /** It goes to sleep: its connections end, and nobody answers. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** pm-suspend is installed, which libvirt runs. */
  installPmSuspend(): void;
  stop(): Promise<void>;
}

/**
 * An SSH server whose sessions have stand-ins for what puts a host to sleep, and a /sys of their own. The real programs
 * are covered by mounts that refuse, and that is checked in a session before anything else.
 * @throws Error when a session would reach a real one
 */
export async function startSleepyHost(
  key: TestKey,
  accounts: readonly TestAccount[] = [],
  /** Listens where the system's libvirt would. */
  libvirt: FakeLibvirtServer | null = null,
): Promise<SleepyHost> {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-sleepy-'));
  chmodSync(folder, 0o755);
  const at = (...parts: string[]) => join(folder, ...parts);
  const write = (path: string, text: string) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  };
  for (const [path, text] of Object.entries(SYS)) write(at('sys', path), text);
  mkdirSync(at('bin'));
  mkdirSync(at('state'), { mode: 0o777 });
  chmodSync(at('state'), 0o777);
  write(at('state', 'calls'), '');
  chmodSync(at('state', 'calls'), 0o666);
  write(at('state', 'allowed'), '');
  execFileSync('mkfifo', ['-m', '666', at('state', 'finish')]);
  for (const [name, script] of Object.entries(scripts(folder))) {
    writeFileSync(at('bin', name), script);
    chmodSync(at('bin', name), 0o755);
  }
  writeFileSync(at('refuse'), `#!/bin/sh\necho "REAL $0 $*" >> '${at('state', 'calls')}'\nexit 97\n`);
  chmodSync(at('refuse'), 0o755);
  const real = [...new Set(FOLDERS.flatMap((each) => DANGEROUS.map((name) => join(each, name))))].filter((path) => existsSync(path));
  const covers = real.map((path) => `mount --bind '${at('refuse')}' '${path}'`);
  // A real libvirt is out of reach, too.
  const run = ['mount -t tmpfs -o mode=755 tmpfs /run', 'mkdir /run/sshd /run/libvirt', `mount --bind '${at('libvirt')}' /run/libvirt`];
  const setUp = [`mount --bind '${at('sys')}' /sys`, ...run, ...covers].join(' && ');
  mkdirSync(at('libvirt'));
  const daemon = createServer((socket) => {
    const near = libvirt?.connect();
    if (!near) return socket.destroy();
    socket.pipe(near).pipe(socket);
    socket.on('error', () => near.destroy());
    near.on('error', () => socket.destroy());
    return undefined;
  });
  if (libvirt) {
    await new Promise<void>((resolve) => daemon.listen(at('libvirt', 'libvirt-sock'), resolve));
    chmodSync(at('libvirt', 'libvirt-sock'), 0o777);
  }

  const sshd = await startSshd({
    authorizedKeys: [key],
    accounts,
    // The start-up files of whoever runs the tests are no part of them.
    config: [`SetEnv HOME="${folder}"`, `SetEnv PATH="${at('bin')}:${FOLDERS.join(':')}"`],
    within: (command) => ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${setUp} && exec "$@"`, 'sh', ...command],
  });
  const stop = async () => {
    await sshd.stop();
    daemon.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const user of [sshd.user, ...accounts.map(({ name }) => name)]) await refuseUnlessSafe(sshd, key, user, at('bin'), at('sys'));
  } catch (error) {
    await stop();
    throw error;
  }

  const calls = () =>
    readFileSync(at('state', 'calls'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  return {
    sshd,
    calls,
    sleepCalls: () => calls().filter((call) => /^(rtcwake|systemctl suspend|sudo -n \/)/.test(call)),
    allow: (...programs) => writeFileSync(at('state', 'allowed'), programs.map((name) => `${at('bin', name)}\n`).join('')),
    failWith(message) {
      if (message === null) rmSync(at('state', 'fails'), { force: true });
      else writeFileSync(at('state', 'fails'), message);
    },
    states: (text) => writeFileSync(at('sys', 'power/state'), text),
    finish: () => writeFileSync(at('state', 'finish'), 'done\n'),
    countSleep() {
      const path = at('sys', 'power/suspend_stats/success');
      writeFileSync(path, `${Number(readFileSync(path, 'utf8')) + 1}\n`);
    },
    goAway: () => sshd.kill(),
    comeBack: () => sshd.restart(),
    installPmSuspend() {
      writeFileSync(at('bin', 'pm-suspend'), `#!/bin/sh\necho "REAL pm-suspend" >> '${at('state', 'calls')}'\n`);
      chmodSync(at('bin', 'pm-suspend'), 0o755);
    },
    stop,
  };
}

const SYS: Readonly<Record<string, string>> = {
  'power/state': 'freeze mem\n',
  'power/suspend_stats/success': '4\n',
  'class/rtc/rtc0/wakealarm': '',
  'class/net/br0/address': `${CARD.mac}\n`,
  'class/net/br0/carrier': '1\n',
  [`class/net/br0/lower_${CARD.name}`]: '',
  'class/net/br0/lower_tap7': '',
  [`class/net/${CARD.name}/address`]: `${CARD.mac}\n`,
  [`class/net/${CARD.name}/carrier`]: '1\n',
  [`class/net/${CARD.name}/device/power/wakeup`]: 'enabled\n',
  'class/net/tap7/address': '52:54:00:00:00:07\n',
};

const scripts = (folder: string): Readonly<Record<string, string>> => {
  const calls = `'${folder}/state/calls'`;
  const begin = (name: string) => `#!/bin/sh\necho "${name} $*" >> ${calls}\n`;
  return {
    sudo: `${begin('sudo')}[ "$1" = -n ] || exit 98
shift
if [ "$1 $2" = '-l --' ]; then grep -qxF -- "$3" '${folder}/state/allowed'; exit; fi
case $1 in '${folder}/bin/'*) ;; *) echo "REAL $1" >> ${calls}; exit 99;; esac
grep -qxF -- "$1" '${folder}/state/allowed' || { echo 'sudo: a password is required' >&2; exit 1; }
exec "$@"
`,
    rtcwake: `${begin('rtcwake')}[ -f '${folder}/state/fails' ] && { cat '${folder}/state/fails' >&2; exit 1; }
echo 'rtcwake: wakeup from "mem" using /dev/rtc0 at Mon Nov 23 09:00:00 2026'
read -r done < '${folder}/state/finish'
`,
    // There is no systemd there: it knows nothing else.
    systemctl: `${begin('systemctl')}[ "$*" = suspend ]\n`,
    ip: `#!/bin/sh
echo '1: lo    inet6 ::1/128 scope host'
echo '4: br0    inet 127.0.0.1/8 brd 127.255.255.255 scope global br0'
`,
  };
};

/** Asks a session which programs it would run, and whose /sys it sees. */
async function refuseUnlessSafe(sshd: TestSshd, key: TestKey, user: string, bin: string, sys: string): Promise<void> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR'].flatMap((each) => ['-o', each]);
  const script = `for p in ${STAND_INS.join(' ')}; do command -v $p; done; grep -c ' /sys ' /proc/self/mountinfo; cat /sys/power/state`;
  const args = ['-F', 'none', '-i', key.path, '-p', String(sshd.port), ...options, `${user}@127.0.0.1`, script];
  const { stdout } = await promisify(execFile)('ssh', args, { timeout: 20_000 }).catch((error: unknown) => {
    throw new Error(`A session of the test host does not answer; its server said:\n${sshd.log()}`, { cause: error });
  });
  const lines = stdout.trim().split('\n');
  const wanted = STAND_INS.map((name) => join(bin, name));
  const isOurs = readFileSync(join(sys, 'power/state'), 'utf8').trim() === lines.at(-1);
  if (wanted.some((path, index) => lines[index] !== path) || !isOurs || !(Number(lines.at(-2)) > 0)) {
    throw new Error(`A session of the test host would reach real programs: ${lines.join(', ')}`);
  }
}
