import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { GuestView } from '../../preload/contract/view';
import { endGuestsBelow, QEMU, startGuestOf } from '../support/account-guest';
import { isMissing } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser, type SshUser } from '../support/ssh-user';
import { accountsPresent, startSshd, type TestSshd } from '../support/sshd';

const PROGRAMS = { perl: '/usr/bin/perl', python3: '/usr/bin/python3', socat: '/usr/bin/socat', nc: '/usr/bin/nc' };
type Program = keyof typeof PROGRAMS;
/** How each of them shows when it joins a socket. */
const ARGUMENTS: Readonly<Record<Program, RegExp>> = {
  perl: /^perl\0-e\0/,
  python3: /^python3\0-c\0/,
  socat: /^socat\0-\0UNIX-CONNECT:/,
  nc: /^nc\0-N?U\0/,
};
const ODD = { name: 'odd $(id)', folder: `a 'b" $(touch c1)`, file: `x;touch c2, [1]:!` };

const commandLines = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
        throw error;
      }
    });

describe.skipIf(isMissing('mount namespaces', accountsPresent) || isMissing('QEMU', existsSync(QEMU)))('guests of a host', () => {
  const ending: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });

  async function serve(config: string[] = []): Promise<{ sshd: TestSshd; user: SshUser }> {
    const user = await startSshUser();
    ending.push(() => user.stop());
    const key = makeKey(user.home);
    const sshd = await startSshd({ authorizedKeys: [key], accounts: [{ name: 'pat' }, { name: 'boss' }], config });
    ending.push(async () => {
      await endGuestsBelow(sshd.folder);
      await sshd.stop();
    });
    await user.knownHosts.write(linesOf(sshd));
    await user.configure(...hostLines('nas', sshd, 'User pat', `IdentityFile ${key.path}`));
    return { sshd, user };
  }
  /** As root on the host. */
  const onHost = (sshd: TestSshd, ...command: string[]) =>
    execFileSync('nsenter', ['-t', String(sshd.listener()), '-m', ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
  const reasonOf = ({ actions }: GuestView) => {
    const { pause } = actions;
    return pause.available ? null : pause;
  };

  it('whose sockets may not be opened are listed with who may, and what would help', async () => {
    const { sshd, user } = await serve();
    const { app } = user;
    const roots = await startGuestOf(sshd, 'boss', { name: 'roots', folder: 'open', file: 'a' });
    const groups = await startGuestOf(sshd, 'boss', { name: 'groups', folder: 'open', file: 'b' });
    const hidden = await startGuestOf(sshd, 'boss', { name: 'hidden', folder: 'closed', file: 'c' });
    await chown(roots.socket, 0, 0);
    // 36 is kvm's by Debian's numbers, but any that root is not will do: it is then told by its number.
    await chown(groups.socket, 0, 36);
    await chmod(groups.socket, 0o660);
    await chmod(`${sshd.home('boss')}/closed`, 0o700);
    const hostId = await user.add('nas');
    const [a, b, c] = [
      await app.untilGuest('roots', (guest) => reasonOf(guest) !== null),
      await app.untilGuest('groups', (guest) => reasonOf(guest) !== null),
      await app.untilGuest('hidden', (guest) => reasonOf(guest) !== null),
    ];
    for (const guest of [a, b, c]) expect(guest).toMatchObject({ hostId, state: { name: 'unknown' } });
    expect(reasonOf(a)).toEqual({
      available: false,
      reason: `The socket ${roots.socket} belongs to root:root (srwxr-xr-x), and pat may not connect to it.`,
      remedy: `Connect as root. Or, until the guest is started anew, run on the host: sudo setfacl -m u:pat:rw ${roots.socket}`,
    });
    expect(reasonOf(b)?.reason).toMatch(/ belongs to root:\S+ \(srw-rw----\), and pat may not connect to it\.$/);
    expect(reasonOf(b)?.remedy).toMatch(/^On the host, run: sudo usermod -aG \S+ pat\. Then disconnect and connect again\. Or connect as root\.$/);
    expect(reasonOf(c)?.reason).toContain(`The folder ${sshd.home('boss')}/closed above its socket ${hidden.socket} belongs to boss:`);
    expect(reasonOf(c)?.remedy).toContain(`Connect as boss. Or, until the guest is started anew, run on the host: sudo setfacl -m u:pat:x ${sshd.home('boss')}/closed`);

    // What is wrong is looked at again without a new connection.
    await chmod(roots.socket, 0o666);
    await app.untilState('roots', 'running');
    await app.call('setPowerState', { guestId: a.id, action: 'pause' });
    await app.untilState('roots', 'paused');
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  describe('where unix sockets are not forwarded', () => {
    const present = Object.entries(PROGRAMS).filter(([, path]) => existsSync(path)) as [Program, string][];
    /** A host that has none of the programs but `kept`. */
    const serveWith = async (kept: Program | null) => {
      const { sshd, user } = await serve(['AllowStreamLocalForwarding no']);
      for (const [name, path] of present) if (name !== kept) onHost(sshd, 'mount', '--bind', '/dev/null', path);
      await startGuestOf(sshd, 'pat', ODD);
      await user.add('nas');
      return { sshd, user };
    };

    it.each(present.map(([name]) => name))('are controlled through %s', async (program) => {
      const { sshd, user } = await serveWith(program);
      const { id } = await user.app.untilState(ODD.name, 'running');
      for (const [action, state] of [['pause', 'paused'], ['resume', 'running']] as const) {
        await user.app.call('setPowerState', { guestId: id, action });
        await user.app.untilState(ODD.name, state);
      }
      const lines = commandLines();
      for (const [name] of present) expect(lines.some((line) => ARGUMENTS[name].test(line)), name).toBe(name === program);
      const folders = [sshd.home('pat'), `${sshd.home('pat')}/${ODD.folder}`, '/', process.cwd()];
      expect(folders.flatMap((folder) => readdirSync(folder)).filter((file) => /^c\d/.test(file))).toEqual([]);
    });

    it('cannot be controlled without any of them, and that is told with what would help', async () => {
      const { user } = await serveWith(null);
      const guest = await user.app.untilGuest(ODD.name, (one) => reasonOf(one)?.reason.includes('forward') === true);
      expect(guest.state.name).toBe('unknown');
      const { reason, remedy } = reasonOf(guest)!;
      expect(reason).toMatch(/^unix:.* on nas cannot be reached: its SSH server does not forward unix sockets\.$/);
      expect(remedy).toBe(
        'Set AllowStreamLocalForwarding yes in its sshd_config, or install perl, python3, socat or nc there.',
      );
    });
  });
});
