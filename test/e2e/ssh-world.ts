import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startGuest, type TinyGuest } from '../guest/tiny-guest';
import { makeKey, type TestKey } from '../support/ssh-keys';
import { startSshd, type TestSshd } from '../support/sshd';

/** A user's home with an SSH configuration, two SSH servers that it names, and a guest that runs behind them. */
export interface SshWorld {
  /** What HOME is to be. */
  readonly home: string;
  readonly knownHosts: string;
  /** `ssh nas`: by a key, as the user who runs the test, and so with every right to the guest. */
  readonly nas: TestSshd;
  /** `ssh attic`, and `ssh inner` by way of nas: as pat, by a password. */
  readonly attic: TestSshd;
  readonly password: string;
  readonly guest: TinyGuest;
  /** A key of nobody's. */
  readonly strangeKey: TestKey;
  knownHostsText(): Promise<string>;
  stop(): Promise<void>;
}

/** Needs `accountsPresent` and QEMU. Resolves once the guest's agent answers. */
export async function startSshWorld(guestName: string): Promise<SshWorld> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'reveille-home-'));
  const folder = path.join(home, '.ssh');
  await mkdir(folder, { mode: 0o700 });
  const key = makeKey(folder);
  const password = 'correct horse 4711';
  const [guest, nas, attic] = await Promise.all([
    startGuest({ name: guestName }),
    startSshd({ authorizedKeys: [key] }),
    startSshd({ accounts: [{ name: 'pat', password }], config: ['PasswordAuthentication yes'] }),
  ]);
  await guest.waitForAgent();
  const config = path.join(folder, 'config');
  const at = (name: string, { port }: TestSshd, ...more: string[]) =>
    [`Host ${name}`, ...more, 'HostName 127.0.0.1', `Port ${port}`].join('\n  ');
  const hosts = [
    at('nas', nas, `User ${nas.user}`, `IdentityFile ${key.path}`),
    at('attic', attic, 'User pat'),
    // Under another name, since its key is then another host's.
    at('inner', attic, 'User pat', 'ProxyJump nas', 'HostName localhost'),
  ];
  await writeFile(config, `${hosts.join('\n')}\n`);
  await chmod(config, 0o600);
  const knownHosts = path.join(folder, 'known_hosts');
  return {
    home,
    knownHosts,
    nas,
    attic,
    password,
    guest,
    strangeKey: makeKey(folder),
    knownHostsText: () => readFile(knownHosts, 'utf8'),
    async stop() {
      await Promise.all([guest.stop(), nas.stop(), attic.stop()]);
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
