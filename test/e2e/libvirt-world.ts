import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { defineGuest, type LibvirtGuest } from '../support/libvirt-guest';
import { startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { startSshd, type TestSshd } from '../support/sshd';

/** A libvirtd with a guest that is off, and an SSH server on the computer where it runs. */
export interface LibvirtWorld {
  readonly libvirtd: TestLibvirtd;
  /** It has a screen, an agent and a swap disk. */
  readonly guest: LibvirtGuest;
  readonly sshd: TestSshd;
  /** What HOME is to be for `ssh nas` to lead there without a question. */
  readonly home: string;
  stop(): Promise<void>;
}

/** Needs `libvirtGuestsCanRun` and `sshdPresent`. */
export async function startLibvirtWorld(guestName: string): Promise<LibvirtWorld> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'reveille-home-'));
  const key = makeKey(home);
  const libvirtd = await startLibvirtd();
  const [guest, sshd] = await Promise.all([
    defineGuest(libvirtd, { name: guestName, screen: true }),
    startSshd({ authorizedKeys: [key], within: (command) => libvirtd.inNamespace(command) }),
  ]);
  await sshHome(home, key, [{ alias: 'nas', port: sshd.port, sshd }]);
  return {
    libvirtd,
    guest,
    sshd,
    home,
    async stop() {
      await sshd.stop();
      await libvirtd.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
