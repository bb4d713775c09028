import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { endGuestsBelow, pidOf, QEMU, startGuestOf, type AccountGuest } from '../support/account-guest';
import { isMissing, requireComponent } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser, type SshUser } from '../support/ssh-user';
import { accountsPresent, startSshd, type TestAccount, type TestSshd } from '../support/sshd';

const NOISE = 'sleep 0.3\necho noise\necho noise >&2\nprintf "no newline"\n';
const ACCOUNTS = [
  { name: 'plain', shell: '/bin/sh' },
  { name: 'noisy', shell: '/bin/bash', files: { '.bashrc': NOISE } },
  { name: 'fishy', shell: '/usr/bin/fish' },
  { name: 'cshy', shell: '/bin/tcsh', files: { '.tcshrc': 'echo noise\nset history = 100\n' } },
] as const satisfies readonly TestAccount[];

/** What would be left behind if any shell read a name or a path. `canary` is absolute. */
const hostile = (canary: string) => [
  {
    name: `it's "$(touch ${canary}1)" \`touch ${canary}2\`\n; touch ${canary}3`,
    folder: `a 'b" $(touch c4)\`touch c5\``,
    file: `-x;touch c6;'`,
  },
  {
    name: `-rf * ; touch ${canary}7 & > ${canary}8 | touch ${canary}9, !! !t`,
    folder: `-n *;touch c10`,
    file: `!! %s \\n ~ ?[a-z]{b,c} #`,
  },
  {
    name: `\u001b[31mred\u001b[0m ü 日本 😀 \u202e\u0007`,
    folder: `n\nx;touch c11\n\u001b[2J é`,
    file: `日本 😀 \u202e`,
  },
];

describe.skipIf(isMissing('mount namespaces', accountsPresent) || isMissing('QEMU', existsSync(QEMU)))('a login shell', () => {
  const ending: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });

  async function serve(account: TestAccount): Promise<{ sshd: TestSshd; user: SshUser }> {
    const user = await startSshUser();
    ending.push(() => user.stop());
    const key = makeKey(user.home);
    const sshd = await startSshd({ authorizedKeys: [key], accounts: [account] });
    ending.push(async () => {
      await endGuestsBelow(sshd.folder);
      await sshd.stop();
    });
    await user.knownHosts.write(linesOf(sshd));
    await user.configure(...hostLines('nas', sshd, `User ${account.name}`, `IdentityFile ${key.path}`));
    return { sshd, user };
  }

  it.for(ACCOUNTS)(
    '$shell ($name) runs nothing of what guests are called: they are listed, paused, resumed, ended and started again as they were',
    async (account, { skip }) => {
      requireComponent(account.shell, existsSync(account.shell), skip);
      const { sshd, user } = await serve(account);
      const { app } = user;
      const home = sshd.home(account.name);
      const canary = join(home, 'c');
      const guests: AccountGuest[] = [];
      for (const plan of hostile(canary)) guests.push(await startGuestOf(sshd, account.name, plan));

      const hostId = await user.add('nas');
      const seen = new Map<string, string>();
      for (const { name, argv, cwd } of guests) {
        const guest = await app.untilState(name, 'running');
        expect(guest).toMatchObject({ hostId, name, start: { executable: QEMU, args: argv.slice(1), cwd } });
        seen.set(name, guest.id);
      }
      const ask = (name: string, action: 'pause' | 'resume' | 'poweroff' | 'start') =>
        app.call('setPowerState', { guestId: seen.get(name)!, action, startAccepted: true });
      const before = guests.map(({ argv }) => pidOf(argv));
      for (const [action, state] of [['pause', 'paused'], ['resume', 'running'], ['poweroff', 'off'], ['start', 'running']] as const) {
        await Promise.all(guests.map(({ name }) => ask(name, action)));
        for (const { name } of guests) await app.untilState(name, state);
      }
      const after = guests.map(({ argv }) => pidOf(argv));
      expect(after.every((pid, index) => pid !== undefined && pid !== before[index])).toBe(true);
      for (const [index, { cwd }] of guests.entries()) {
        expect(readlinkSync(`/proc/${after[index]}/cwd`)).toBe(cwd);
        expect(readFileSync(`/proc/${after[index]}/status`, 'utf8')).not.toMatch(/^Uid:\t0\t/m);
      }
      expect(Object.values(app.view.notices)).toEqual([]);
      const folders = [sshd.folder, home, '/', process.cwd(), '/root', ...guests.map(({ cwd }) => cwd)];
      expect(folders.flatMap((folder) => readdirSync(folder)).filter((file) => /^c\d/.test(file))).toEqual([]);
    },
  );

  it('that ends before it runs anything is told as that, with what it said', async () => {
    const accounts: (TestAccount & { said: string })[] = [
      { name: 'exits', shell: '/bin/bash', files: { '.bashrc': 'echo closing time >&2; exit 3\n' }, said: 'closing time' },
      { name: 'nobody-here', shell: '/usr/sbin/nologin', said: 'This account is currently not available' },
    ];
    for (const account of accounts.filter(({ shell = '' }) => existsSync(shell))) {
      const { user } = await serve(account);
      const hostId = await user.add('nas');
      await user.untilLink(hostId, 'ready');
      const status = await user.app.until('it is told', ({ hosts }) => {
        const found = hosts[hostId]?.status;
        return found?.kind === 'failed' && found;
      });
      expect(status.message).toBe(`Its processes cannot be listed: Its shell did not run a script: ${account.said}.`);
      expect(status.remedy).toContain('login shell');
      expect(Object.values(user.app.view.guests).filter((guest) => guest.hostId === hostId)).toEqual([]);
    }
  });
});
