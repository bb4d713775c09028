import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const NAME = 'far-nas';
const FOR_S = 20;

describe.skipIf(isMissing('OpenSSH and QEMU', sshdPresent && guestsCanRun()))('a guest behind SSH whose link is cut while it sleeps', () => {
  let folder: string;
  let sshd: TestSshd;
  let guest: TinyGuest;
  let app: TestApp;
  let hostId: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'alarm-link-'));
    const key = makeKey(folder);
    [sshd, guest] = await Promise.all([startSshd({ authorizedKeys: [key] }), startGuest({ name: NAME })]);
    await guest.waitForAgent();
    app = await startTestApp({ ssh: await sshHome(folder, key, [{ alias: 'nas', port: sshd.port, sshd }]), startedBefore: true });
    ({ hostId } = await app.call('addHost', { address: 'nas', name: '' }));
  });
  afterAll(async () => {
    await app?.stop();
    await Promise.all([sshd?.stop(), guest?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  test.each([['host'], ['guest']] as const)('is woken in time by the %s, and the app learns of it', async (holder) => {
    await app.untilLink(hostId, 'ready');
    const { id } = await app.untilGuest(NAME, ({ agent, state }) => agent.status === 'answering' && state.name === 'running', 60_000);
    await app.call('setPowerState', { guestId: id, action: 'suspend', for: `${FOR_S} s`, alarm: holder });
    const { alarm } = await app.untilGuest(NAME, (one) => one.state.name === 'suspended' && one.alarm?.phase === 'armed' && one.pending === null, 60_000);
    expect(alarm).toMatchObject({ holder });
    await sshd.kill();
    const cut = await app.untilGuest(NAME, ({ state }) => state.asOf !== undefined);
    expect(cut.alarm?.change).toMatchObject({ available: false });
    await guest.waitForAgent(60_000);
    const late = Date.now() - (alarm?.due ?? 0);
    expect(late).toBeGreaterThan(-2_500);
    expect(late).toBeLessThan(8_000);
    await sshd.restart();
    await app.call('connectHost', { hostId });
    await app.untilGuest(NAME, (one) => one.alarm === null && one.state.name === 'running', 60_000);
    const [told] = (await app.call('guestHistory', { guestId: id })).filter(({ kind, text }) => kind === 'alarm' && text.includes('come due'));
    expect(told).toMatchObject({ actor: { kind: 'alarm', holder } });
  });
});
