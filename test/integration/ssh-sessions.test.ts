import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app';
import { bareQemusCanRun, startBareQemu, type BareQemu } from '../support/bare-qemu';
import { isMissing } from '../support/requires';
import { sshHome } from '../support/ssh-home';
import { attempt, endpointOf } from '../support/ssh-client';
import { makeKey } from '../support/ssh-keys';
import { sshdPresent, startSshd } from '../support/sshd';

const NAMES = ['web', 'db', 'mail'];

describe.skipIf(isMissing('QEMU', bareQemusCanRun()) || isMissing('OpenSSH', sshdPresent))('a server that grants', () => {
  let folder: string;
  const ends: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ssh-sessions-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await rm(folder, { recursive: true, force: true });
  });

  const run = async (name: string): Promise<BareQemu> => {
    const qemu = await startBareQemu(folder, name);
    ends.push(() => qemu.stop());
    return qemu;
  };
  const serve = async (config: readonly string[]): Promise<{ app: TestApp; hostId: string }> => {
    const key = makeKey(folder);
    const sshd = await startSshd({ authorizedKeys: [key], config });
    ends.push(() => sshd.stop());
    const ssh = await sshHome(folder, key, [{ alias: 'nas', port: sshd.port, sshd }]);
    const app = await startTestApp({ ssh, startedBefore: true });
    ends.push(() => app.stop());
    return { app, hostId: (await app.call('addHost', { address: 'nas', name: '' })).hostId };
  };

  test('one session: guests are listed, controlled, found and seen to end all the same', async () => {
    const qemus = await Promise.all(NAMES.map(run));
    const { app, hostId } = await serve(['MaxSessions 1']);
    for (const name of NAMES) await app.untilState(name, 'running');
    for (const [action, state] of [['pause', 'paused'], ['resume', 'running']] as const) {
      await Promise.all(NAMES.map((name) => app.call('setPowerState', { guestId: app.guest(name).id, action })));
      for (const { name, status } of qemus) {
        await app.untilState(name, state);
        expect(await status()).toBe(state);
      }
    }
    const { testId } = await app.call('testHost', { address: 'nas' });
    const done = await app.until('the test is done', ({ tests }) => tests[testId]?.done && tests[testId]);
    expect(done.steps.map(({ name, state }) => `${name} ${state}`)).toContain('guests passed');
    await run('late');
    await app.untilState('late', 'running');
    await qemus[0]?.stop();
    await app.untilGuest('web', ({ state }) => state.name === 'off' || state.name === 'crashed');
    expect(app.view.hosts[hostId]?.status).toEqual({ kind: 'ready' });
    expect(app.view.notices).toEqual({});
  });

  test('one session and forwards no sockets: guests are listed, and each says why it cannot be controlled', async () => {
    await Promise.all(NAMES.map(run));
    const { app, hostId } = await serve(['MaxSessions 1', 'AllowStreamLocalForwarding no']);
    const reason = /one session at a time, which commands need\. Raise MaxSessions .*AllowStreamLocalForwarding yes/;
    const isExplained = (name: string) => app.untilGuest(name, ({ actions }) => !actions.pause.available && reason.test(actions.pause.reason));
    await Promise.all(NAMES.map(isExplained));
    // Streams that wait for the session do not keep the listing from it.
    await run('late');
    await isExplained('late');
    expect(app.view.hosts[hostId]).toMatchObject({ link: { kind: 'ready' }, status: { kind: 'ready' } });
  });

  test('two sessions and forwards no sockets: one guest at a time is controlled, and the listing goes on', async () => {
    await Promise.all(NAMES.map(run));
    const { app } = await serve(['MaxSessions 2', 'AllowStreamLocalForwarding no']);
    await app.until('one is seen', ({ guests }) => Object.values(guests).filter(({ state }) => state.name === 'running').length === 1);
    await run('late');
    await app.until('it is listed', ({ guests }) => Object.values(guests).some(({ name }) => name === 'late'));
    const [seen] = Object.values(app.view.guests).filter(({ state }) => state.name === 'running');
    await app.call('setPowerState', { guestId: seen?.id ?? '', action: 'pause' });
    await app.untilState(seen?.name ?? '', 'paused');
  });

  test('one session takes it from a stream that had it first, for a command', async () => {
    const key = makeKey(folder);
    const sshd = await startSshd({ authorizedKeys: [key], config: ['MaxSessions 1'] });
    ends.push(() => sshd.stop());
    const connection = await attempt(endpointOf(sshd, key)).connection;
    ends.push(() => connection.close());
    const stream = await connection.execStream('cat');
    const closed = new Promise((resolve) => stream.once('close', resolve));
    expect((await connection.exec('echo here')).stdout.toString()).toBe('here\n');
    await closed;
    expect(stream.errored).toMatchObject({ kind: 'channel', message: expect.stringContaining('one session at a time') });
    await expect(connection.execStream('cat')).rejects.toMatchObject({ kind: 'channel', remedy: expect.stringContaining('MaxSessions') });
  });

  test('no sessions: the host says what is wrong and what to do', async () => {
    await run('web');
    const { app, hostId } = await serve(['MaxSessions 0']);
    await app.untilLink(hostId, 'ready');
    const status = await app.until('a verdict', ({ hosts }) => hosts[hostId]?.status.kind === 'failed' && hosts[hostId]?.status);
    expect(status).toEqual({
      kind: 'failed',
      message: expect.stringMatching(/^Its processes cannot be listed: .* runs no commands: it opens no session at all\.$/),
      remedy: expect.stringContaining('Raise MaxSessions in its sshd_config'),
    });
    const { testId } = await app.call('testHost', { address: 'nas' });
    const done = await app.until('the test is done', ({ tests }) => tests[testId]?.done && tests[testId]);
    expect(done.steps.at(-1)).toMatchObject({ name: 'qemu', state: 'failed', remedy: expect.stringContaining('MaxSessions') });
    expect(app.view.guests).toEqual({});
  });
});
