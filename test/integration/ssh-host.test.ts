import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';
import { makeKey, type TestKey } from '../support/ssh-keys';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const NAME = 'ssh-nas';

describe.skipIf(isMissing('QEMU', guestsCanRun()) || isMissing('OpenSSH', sshdPresent))('a real guest behind a real sshd', () => {
  let folder: string;
  let guest: TinyGuest;
  let sshd: TestSshd;
  let key: TestKey;
  let app: TestApp;
  let hostId: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-host-'));
    key = makeKey(folder);
    [guest, sshd] = await Promise.all([startGuest({ name: NAME }), startSshd({ authorizedKeys: [key] })]);
    await guest.waitForAgent();
    const config = path.join(folder, '.ssh', 'config');
    await mkdir(path.dirname(config));
    const lines = ['Host nas', 'HostName 127.0.0.1', `Port ${sshd.port}`, `User ${sshd.user}`, `IdentityFile ${key.path}`];
    await writeFile(config, lines.join('\n'));
    const local = { user: 'nobody', uid: 1, home: folder, hostName: 'here', env: {} };
    app = await startTestApp({ ssh: { places: { user: config, system: null, home: folder }, local, usualAgent: () => null } });
  });

  afterAll(async () => {
    await app?.stop();
    await sshd?.stop();
    await guest?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const id = () => app.guest(NAME).id;
  const untilLink = (kind: string) => app.until(`link ${kind}`, ({ hosts }) => hosts[hostId]?.link.kind === kind);

  test('its host is added by the name that ssh knows, and its key is asked about once', async () => {
    expect(await app.call('listSshHosts', {})).toEqual([{ alias: 'nas', address: `${sshd.user}@127.0.0.1:${sshd.port}` }]);
    ({ hostId } = await app.call('addHost', { address: 'nas', name: '' }));
    const prompt = await app.until('the question', ({ prompts }) => Object.values(prompts)[0]);
    expect(prompt).toMatchObject({ kind: 'host-key', hostId, fingerprint: sshd.hostKeys[0]?.fingerprint });
    await app.call('answerHostKey', { promptId: prompt.id, answer: 'save' });
    await untilLink('ready');
    expect(app.view.prompts).toEqual({});
    expect(await readFile(path.join(folder, '.ssh', 'known_hosts'), 'utf8')).toContain(`[127.0.0.1]:${sshd.port} ssh-ed25519 `);
    const seen = await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
    expect(seen).toMatchObject({ hostId, state: { name: 'running' }, memoryMiB: 192 });
    expect(seen.state).not.toHaveProperty('asOf');
  });

  test('sleeps for 5 s and wakes by itself', async () => {
    await app.call('setPowerState', { guestId: id(), action: 'suspend', for: '5 s', alarm: 'app' });
    await app.untilState(NAME, 'suspended');
    const awake = await app.untilState(NAME, 'running');
    expect(awake).toMatchObject({ alarm: null, state: { cause: 'timer', source: 'event' } });
  });

  test('hibernates, and is started on its host with its memory', async () => {
    await guest.exec('echo far-away > /run/kept');
    await app.call('setPowerState', { guestId: id(), action: 'hibernate' });
    await app.untilState(NAME, 'hibernated', 60_000);
    await app.call('setPowerState', { guestId: id(), action: 'start', startAccepted: true });
    await app.untilState(NAME, 'running', 60_000);
    expect(await guest.exec('cat /run/kept')).toBe('far-away');
    expect(app.view.notices).toEqual({});
  });

  test('is shown as last seen while the host is gone, and sleeps on; the alarm is kept and late', async () => {
    await app.untilGuest(NAME, ({ agent }) => agent.status === 'answering');
    await app.call('setPowerState', { guestId: id(), action: 'suspend', for: '4 s', alarm: 'app' });
    await app.untilState(NAME, 'suspended');
    await sshd.kill();
    await untilLink('backoff');
    const away = app.guest(NAME);
    expect(away.state).toMatchObject({ name: 'suspended', asOf: expect.any(Number) });
    expect(away.actions.wakeup).toMatchObject({ available: false, reason: 'Its host is not connected.' });
    const refused = await app.tryCall('setPowerState', { guestId: id(), action: 'wakeup' });
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'no-control' } });
    await app.untilGuest(NAME, ({ alarm }) => alarm?.phase === 'retrying', 20_000);
    await sshd.restart();
    await app.call('connectHost', { hostId });
    const awake = await app.untilState(NAME, 'running', 60_000);
    expect(awake.alarm).toBeNull();
    expect(awake.state).not.toHaveProperty('asOf');
  });

  test('a connection test says each step', async () => {
    const { testId } = await app.call('testHost', { address: 'nas' });
    const done = await app.until('the test is done', ({ tests }) => tests[testId]?.done && tests[testId]);
    expect(done.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'address passed',
      'name passed',
      'tcp passed',
      'host-key passed',
      'authentication passed',
      'qemu passed',
      'permissions passed',
      'guests passed',
    ]);
    await app.call('endTest', { testId });
    expect(app.view.tests).toEqual({});
  });

  test('a changed host key blocks, with both fingerprints, and no authentication is tried', async () => {
    const other = makeKey(folder);
    const known = path.join(folder, '.ssh', 'known_hosts');
    const genuine = await readFile(known, 'utf8');
    await writeFile(known, `[127.0.0.1]:${sshd.port} ${other.publicLine}\n`);
    sshd.clearLog();
    await app.call('setHostEnabled', { hostId, enabled: false });
    await untilLink('offline');
    await app.call('setHostEnabled', { hostId, enabled: true });
    const blocked = await app.until('blocked', ({ hosts }) => {
      const link = hosts[hostId]?.link;
      return link?.kind === 'blocked' && link;
    });
    expect(blocked.reason).toContain(other.fingerprint);
    expect(blocked.reason).toContain(sshd.hostKeys[0]?.fingerprint);
    expect(blocked.reason).toContain(`${known} line 1`);
    expect(sshd.log()).not.toMatch(/Accepted|Failed|Postponed|userauth/);
    await writeFile(known, genuine);
    await app.call('connectHost', { hostId });
    await untilLink('ready');
  });

  test('the host is removed, and nothing is left of it', async () => {
    await app.untilState(NAME, 'running');
    await app.call('removeHost', { hostId });
    // The demo opens by itself where nothing real runs.
    expect(Object.values(app.view.guests).filter((guest) => guest.hostId !== 'demo')).toEqual([]);
    expect(Object.keys(app.view.hosts).filter((id) => id !== 'demo')).toEqual(['local']);
    const history = path.join(app.dataDir, 'history');
    const files = ['hosts', 'guests', 'alarms'].map((name) => path.join(app.dataDir, `${name}.json`));
    const all = async () => [...files, ...(await readdir(history)).map((name) => path.join(history, name))];
    const texts = async () => Promise.all((await all()).map((file) => readFile(file, 'utf8').catch(() => '')));
    await expect.poll(texts).not.toContainEqual(expect.stringMatching(/ssh-/));
  });
});
