/** Where a component comes from. */
interface Origin {
  /** The Debian package: one of scripts/system-packages.mjs, or one that every Debian has. */
  readonly from: string;
  /** Only root can use it. */
  readonly root?: true;
  /** macOS and Windows have it, too. */
  readonly everywhere?: true;
}

const known = <Names extends string>(origins: Readonly<Record<Names, Origin>>) => origins;

/** All that tests may ask for, as people know it. .github/workflows/ci.yml has each installed, or says which system goes without. */
export const COMPONENTS = known({
  QEMU: { from: 'qemu-system-x86' },
  libvirt: { from: 'libvirt-daemon', root: true },
  OpenSSH: { from: 'openssh-server' },
  ssh: { from: 'openssh-client', everywhere: true },
  'ssh-keygen': { from: 'openssh-client', everywhere: true },
  root: { from: 'util-linux', root: true },
  'root with apt-get': { from: 'apt', root: true },
  'mount namespaces': { from: 'util-linux', root: true },
  'PID namespaces': { from: 'util-linux', root: true },
  systemd: { from: 'systemd' },
  at: { from: 'at' },
  faketime: { from: 'faketime' },
  'gnome-keyring': { from: 'gnome-keyring' },
  'python3-dbusmock': { from: 'python3-dbusmock' },
  '/bin/sh': { from: 'dash' },
  '/bin/bash': { from: 'bash' },
  '/usr/bin/zsh': { from: 'zsh' },
  '/usr/bin/fish': { from: 'fish' },
  '/bin/tcsh': { from: 'tcsh' },
  perl: { from: 'perl-base' },
  python3: { from: 'python3' },
  socat: { from: 'socat' },
  nc: { from: 'netcat-openbsd' },
  ncat: { from: 'ncat' },
});

export type Component = keyof typeof COMPONENTS;

/**
 * Whether tests go without a real component here. In CI (CI=true) a missing component is an error, so that
 * no green run hides tests that were not run; REVEILLE_WITHOUT names, comma-separated, those that a system
 * cannot have. For whole blocks: `describe.skipIf(isMissing('QEMU', path !== undefined))`.
 * @throws Error in CI
 */
export function isMissing(name: Component, present: boolean): boolean {
  if (present) return false;
  const waived = (process.env['REVEILLE_WITHOUT'] ?? '').split(',').map((each) => each.trim());
  if (process.env['CI'] === 'true' && !waived.includes(name)) {
    throw new Error(
      `${name} is missing. In CI its tests must run: install it, or name it in REVEILLE_WITHOUT.`,
    );
  }
  return true;
}

/**
 * Skips the running test, by name, when a real component is missing; in CI it fails.
 * Vitest: `requireComponent('QEMU', found, (why) => ctx.skip(why))`;
 * Playwright: `requireComponent('QEMU', found, (why) => test.skip(true, why))`.
 * @throws Error in CI; elsewhere whatever `skip` throws to end the test
 */
export function requireComponent(name: Component, present: boolean, skip: (reason: string) => void): void {
  if (isMissing(name, present)) skip(`${name} is missing`);
}
