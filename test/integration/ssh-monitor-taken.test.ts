import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { GuestView } from '../../preload/contract/view';
import { openQmp } from '../guest/qmp';
import { startTestApp, type TestApp } from '../support/app';
import { bareQemusCanRun, startBareQemu, type BareQemu } from '../support/bare-qemu';
import { fillQueue } from '../support/full-queue';
import { isMissing } from '../support/requires';
import { makeKey } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser, type SshUser } from '../support/ssh-user';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const TAKEN = 'taken';
const isAsked = ({ actions: { pause } }: GuestView): boolean =>
  !pause.available && pause.reason === 'The connection to its monitor is being made.';

describe.skipIf(isMissing('QEMU', bareQemusCanRun()) || isMissing('OpenSSH', sshdPresent))(
  'a guest behind sshd whose monitors other programs hold, and more wait for',
  () => {
    const ending: (() => unknown)[] = [];
    afterEach(async () => {
      for (const end of ending.splice(0).reverse()) await end();
    });

    async function folderOf(): Promise<string> {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'taken-'));
      ending.push(() => rm(folder, { recursive: true, force: true }));
      return folder;
    }

    async function startQemu(folder: string, name: string): Promise<BareQemu> {
      const qemu = await startBareQemu(folder, name);
      ending.push(() => qemu.stop());
      return qemu;
    }

    /** @returns what leaves its first monitor to others */
    async function take(folder: string): Promise<() => void> {
      const { monitor } = await startQemu(folder, TAKEN);
      const holder = await openQmp(monitor);
      const leave = await fillQueue(monitor);
      ending.push(await fillQueue(path.join(folder, `${TAKEN}.test`)), leave, () => holder.close());
      return () => {
        holder.close();
        leave();
      };
    }

    async function serve(folder: string, ...config: string[]): Promise<{ sshd: TestSshd; user: SshUser; hostId: string }> {
      const key = makeKey(folder);
      const sshd = await startSshd({ authorizedKeys: [key], config });
      ending.push(() => sshd.stop());
      const user = await startSshUser();
      ending.push(() => user.stop());
      await user.knownHosts.write(linesOf(sshd));
      await user.configure(...hostLines('nas', sshd, `IdentityFile ${key.path}`));
      return { sshd, user, hostId: await user.add('nas') };
    }

    /** What the view says of the guest once its monitor was tried. */
    async function saidBy(app: TestApp): Promise<Pick<GuestView, 'actions'> & { state: Partial<GuestView['state']> }> {
      const { state, actions } = await app.untilGuest(TAKEN, (guest) => !isAsked(guest));
      const { name, source, cause, detail } = state;
      return { state: { name, source, cause, detail }, actions };
    }

    /** What it says where the guest is this computer's own. */
    async function saidHere() {
      const here = await startTestApp({ finds: ({ name }) => name === TAKEN });
      // It would be as keen on the monitor as the other one.
      return saidBy(here).finally(() => here.stop());
    }

    it('is said to be held, as here, by a server that forwards; and is there again when they leave', async () => {
      const folder = await folderOf();
      const leave = await take(folder);
      await startQemu(folder, 'free');
      const { sshd, user } = await serve(folder);
      // From here on the server is known to forward.
      await user.app.untilState('free', 'running');
      sshd.clearLog();
      // Two monitors, tried twice: by the second time it is told what came of the first.
      await sshd.logged(/(?:Resource temporarily unavailable[^]*){3}/);
      const said = await saidBy(user.app);
      const reason = `Another program holds its only free monitor (unix:${path.join(folder, `${TAKEN}.qmp`)}).`;
      const remedy = 'End that program’s connection, or give QEMU a second -qmp socket. Reveille tries again by itself.';
      expect(said).toMatchObject({ state: { name: 'unknown', detail: reason }, actions: { pause: { available: false, reason, remedy } } });
      expect(said).toEqual(await saidHere());
      leave();
      await user.app.untilState(TAKEN, 'running', 60_000);
    });

    it('is said to be held where a program has to reach it, and nothing waits on the host', async () => {
      const folder = await folderOf();
      await take(folder);
      const { sshd, user } = await serve(folder, 'AllowStreamLocalForwarding no');
      expect(await saidBy(user.app)).toEqual(await saidHere());
      const relays = () =>
        sshd.sessions().filter((pid) => /sockaddr_un|AF_UNIX/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')));
      await expect.poll(relays).toEqual([]);
    });
  },
);
