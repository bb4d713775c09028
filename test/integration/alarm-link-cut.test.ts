import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HolderChoice, SleepName } from '../../preload/contract/vocabulary';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp } from '../support/app';
import { controlOf } from '../support/libvirt-app';
import { defineGuest, libvirtGuestsCanRun, type LibvirtGuest } from '../support/libvirt-guest';
import { startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type SshdOptions } from '../support/sshd';

const noSsh = isMissing('OpenSSH', sshdPresent);

/** A host behind SSH, in an app that reaches it. */
async function farHost(options: SshdOptions = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'alarm-link-'));
  const key = makeKey(folder);
  const sshd = await startSshd({ authorizedKeys: [key], ...options });
  const app = await startTestApp({ ssh: await sshHome(folder, key, [{ alias: 'nas', port: sshd.port, sshd }]), startedBefore: true });
  const { hostId } = await app.call('addHost', { address: 'nas', name: '' });
  return {
    app,
    sshd,
    hostId,
    async stop() {
      await app.stop();
      await sshd.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
type FarHost = Awaited<ReturnType<typeof farHost>>;

interface Night {
  readonly name: string;
  readonly action: SleepName;
  readonly holder: HolderChoice;
  readonly seconds: number;
  /** How late its agent may answer after its alarm, in ms. */
  readonly atMost: number;
}

/** Puts the guest to sleep, cuts the link, and expects the guest to be awake in time, and the app to learn of it. */
async function isWokenBehindACutLink(
  { app, sshd, hostId }: FarHost,
  guest: Pick<TinyGuest, 'waitForAgent'>,
  { name, action, holder, seconds, atMost }: Night,
): Promise<void> {
  await app.untilLink(hostId, 'ready');
  const it = controlOf(app, name);
  const { id } = await it.answering();
  await it.set(action, { for: `${seconds} s`, alarm: holder, startAccepted: true });
  const slept = action === 'hibernate' ? 'hibernated' : 'suspended';
  const { alarm } = await app.untilGuest(name, (one) => one.state.name === slept && one.alarm?.phase === 'armed' && one.pending === null, 60_000);
  expect(alarm).toMatchObject({ holder });
  const due = alarm?.due ?? 0;
  expect(due).toBeGreaterThan(Date.now());
  await sshd.kill();
  const cut = await app.untilGuest(name, ({ state }) => state.asOf !== undefined);
  expect(cut.alarm?.change).toMatchObject({ available: false });
  await guest.waitForAgent(due - Date.now() + atMost + 30_000);
  expect(Date.now() - due).toBeGreaterThan(-2_500);
  expect(Date.now() - due).toBeLessThan(atMost);
  await sshd.restart();
  await app.call('connectHost', { hostId });
  await app.untilGuest(name, (one) => one.alarm === null && one.state.name === 'running', 60_000);
  const history = await app.call('guestHistory', { guestId: id });
  // Nobody saw it wake.
  expect(history.find(({ kind, text }) => kind === 'alarm' && text.includes('come due'))).toMatchObject({ actor: { kind: 'unknown' } });
}

describe.skipIf(noSsh || isMissing('QEMU', guestsCanRun()))('a guest behind SSH whose link is cut while it sleeps', () => {
  const name = 'far-nas';
  let far: FarHost;
  let guest: TinyGuest;

  beforeAll(async () => {
    guest = await startGuest({ name });
    await guest.waitForAgent();
    far = await farHost();
  });
  afterAll(async () => {
    await far?.stop();
    await guest?.stop();
  });

  test.each([['host'], ['guest']] as const)('is woken in time by the %s, and the app learns of it', (holder) =>
    isWokenBehindACutLink(far, guest, { name, action: 'suspend', holder, seconds: 20, atMost: 8_000 }),
  );
});

describe.skipIf(noSsh || isMissing('libvirt', libvirtGuestsCanRun()))('a domain behind SSH whose link is cut while it sleeps', () => {
  const name = 'far-virt';
  let far: FarHost;
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;

  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    guest = await defineGuest(libvirtd, { name });
    await guest.start();
    far = await farHost({ within: (command) => libvirtd.inNamespace(command) });
  });
  afterAll(async () => {
    await far?.stop();
    await libvirtd?.stop();
  });

  // What hibernated is started, and loads its memory.
  test.each([
    ['suspend', 8_000],
    ['hybrid', 8_000],
    ['hibernate', 30_000],
  ] as const)('is brought back from %s by its host', (action, atMost) =>
    isWokenBehindACutLink(far, guest, { name, action, holder: 'host', seconds: 30, atMost }),
  );
});
