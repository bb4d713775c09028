import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { run, say } from './processes.mjs';

/**
 * What a Debian-like system needs for which purpose. `a|b` stands for the same package under either name
 * (Ubuntu 24.04 renamed some).
 */
export const PACKAGES = {
  /** Electron's shared libraries */
  window: [
    'libgtk-3-0|libgtk-3-0t64',
    'libnss3',
    'libgbm1',
    'libasound2|libasound2t64',
    'libnotify4',
    'libsecret-1-0',
  ],
  /** a display where there is none, with letters to show */
  display: ['xvfb', 'fonts-dejavu-core', 'fonts-noto-core'],
  /** real QEMU processes, and the agent that the simulated one is compared with */
  guest: ['qemu-system-x86', 'qemu-guest-agent'],
  /** a libvirtd of the tests' own, and virsh beside the app's client; no service is set up or started */
  libvirt: ['libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-clients', 'netcat-openbsd'],
  /** a private OpenSSH server, and what it is compared with */
  ssh: ['openssh-server', 'openssh-client', 'openssl'],
  /** what hosts over SSH may have: login shells, and programs that reach a socket */
  hosts: ['fish', 'tcsh', 'zsh', 'busybox|busybox-static', 'python3', 'socat', 'netcat-openbsd', 'ncat'],
  /** what keeps a job on a host, run by the tests themselves, and a clock that is off */
  jobs: ['at', 'systemd', 'faketime'],
  /** a keyring for secrets; dbus-x11 spares what dbus-user-session would bring along */
  keyring: ['gnome-keyring', 'dbus-x11'],
  /** a session bus with a panel and a notification daemon */
  desktop: ['dbus-daemon|dbus', 'python3-dbusmock'],
  /** what the benches compare with */
  bench: ['procps', 'python3', 'socat', 'netcat-openbsd'],
};

/** @typedef {keyof typeof PACKAGES} Purpose */

/**
 * Packages whose installation starts a service for good where an init runs: sshd, for anybody who can reach this
 * computer, and atd. Tests run private ones. (Without an init, invoke-rc.d starts nothing.)
 */
const SERVICES = new Set(['openssh-server', 'at']);

const INSTALL_LIMIT_MS = 8 * 60_000;

/**
 * Sees to the system packages of these purposes: installs what is missing as root on a Debian-like system.
 * @param {Purpose[]} purposes
 * @param {{ services?: boolean }} [allowed] whether services may be installed, too, where an init would start them;
 *   in CI they are
 * @returns {Promise<string | undefined>} undefined when everything is there, or when this system is none
 *   whose packages we can tell; else what is missing and the command that installs it
 */
export async function ensureSystemPackages(purposes, { services = process.env['CI'] === 'true' } = {}) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) return undefined;
  const wanted = [...new Set(purposes.flatMap((purpose) => PACKAGES[purpose]))];
  const missing = await missingOf(wanted);
  if (missing.length === 0) return undefined;
  const names = await Promise.all(missing.map(nameHere));
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`;
  const explained = `Debian packages are missing: ${names.join(', ')}. Install them with:\n  sudo ${command}`;
  if (process.getuid?.() !== 0) return explained;

  const left = missing.filter((name) => SERVICES.has(name) && !services && existsSync('/run/systemd/system'));
  const chosen = missing.filter((name) => !left.includes(name));
  const leftOut =
    `${left.join(', ')} is not installed by itself, since it would start a service for good. If you want that, or switch ` +
    `it off afterwards (systemctl disable --now ssh atd), run:\n  apt-get install --no-install-recommends ${left.join(' ')}`;
  if (chosen.length === 0) return leftOut;

  say(`Installing Debian packages: ${(await Promise.all(chosen.map(nameHere))).join(' ')}...`);
  await aptGet(['update']);
  const install = await aptGet([
    'install',
    '--yes',
    '--no-install-recommends',
    ...(await Promise.all(chosen.map(nameHere))),
  ]);
  if (install.code === 0 && (await missingOf(chosen)).length === 0) return left.length > 0 ? leftOut : undefined;
  return `${explained}\napt-get could not do it just now:\n${(install.stderr || install.stdout).trim()}`;
}

/** @param {string[]} wanted */
async function missingOf(wanted) {
  const names = wanted.flatMap((each) => each.split('|'));
  const { stdout } = await run('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\\n', ...names]);
  const installed = new Set(stdout.split('\n').flatMap((line) => /^(\S+) installed$/.exec(line)?.[1] ?? []));
  return wanted.filter((each) => !each.split('|').some((name) => installed.has(name)));
}

/**
 * The name that this system has a package for.
 * @param {string} either
 */
async function nameHere(either) {
  const names = either.split('|');
  for (const name of names) {
    const { code, stdout } = await run('apt-cache', ['show', '--no-all-versions', name]);
    if (code === 0 && stdout.includes(`Package: ${name}\n`)) return name;
  }
  return names[0] ?? either;
}

/** @param {string[]} args */
function aptGet(args) {
  return run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: INSTALL_LIMIT_MS,
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const known = /** @type {Purpose[]} */ (Object.keys(PACKAGES));
  const purposes =
    process.argv.length > 2 ? known.filter((purpose) => process.argv.includes(purpose, 2)) : known;
  const missing = await ensureSystemPackages(purposes, { services: true });
  if (missing) {
    say(missing);
    process.exitCode = 1;
  }
}
