import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestsCanRun, openQmp, startGuest, type TestQmp, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';

describe.skipIf(isMissing('QEMU', guestsCanRun()))('refusals of real guests', () => {
  const names = { mute: 'refuse-mute', shallow: 'refuse-shallow', held: 'refuse-held', bare: 'refuse-bare', lone: 'refuse-lone' };
  const wanted = new Set(Object.values(names));
  const guests: TinyGuest[] = [];
  const bare: ChildProcess[] = [];
  let held: TestQmp;
  let dir: string;
  let app: TestApp;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'refusals-'));
    const [mute, shallow, heldGuest] = await Promise.all([
      startGuest({ name: names.mute, agent: false, memoryMiB: 96 }),
      startGuest({ name: names.shallow, disableS3: true, disableS4: true, memoryMiB: 96 }),
      startGuest({ name: names.held, agent: false, memoryMiB: 96 }),
    ]);
    guests.push(mute, shallow, heldGuest);
    await shallow.waitForAgent();
    held = await openQmp(heldGuest.qmpPath);
    const none = (...args: string[]) =>
      bare.push(spawn('qemu-system-x86_64', ['-machine', 'none', '-nodefaults', '-display', 'none', '-m', '8', ...args], { stdio: 'ignore' }));
    none('-name', names.lone);
    none(
      ...['-name', `guest=${names.bare},debug-threads=on`],
      ...['-chardev', `socket,id=charmonitor,path=${dir}/monitor.sock,server=on,wait=off`],
      ...['-mon', 'chardev=charmonitor,id=monitor,mode=control'],
    );
    app = await startTestApp({ finds: ({ name }) => wanted.has(name) });
  });

  afterAll(async () => {
    await app?.stop();
    held?.close();
    for (const child of bare) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await Promise.all(guests.map((guest) => guest.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  const refusal = async (name: string, action: 'suspend' | 'hibernate' | 'wakeup' | 'reboot' | 'start', text?: string) => {
    const guestId = app.guest(name).id;
    const result = await app.tryCall('setPowerState', { guestId, action, ...(text === undefined ? {} : { for: text }) });
    if (result.ok) throw new Error(`${action} of ${name} was accepted`);
    return result.refusal;
  };

  test('a guest without an agent is not put to sleep', async () => {
    await app.untilState(names.mute, 'running');
    expect(await refusal(names.mute, 'suspend')).toMatchObject({
      code: 'no-agent',
      remedy: expect.stringContaining('org.qemu.guest_agent.0'),
    });
    expect(await refusal(names.mute, 'reboot')).toMatchObject({ code: 'no-agent', remedy: expect.stringContaining('Reset') });
  });

  test('S3 and S4 that are switched off are named, and the guest is not touched', async () => {
    await app.untilGuest(names.shallow, ({ agent }) => agent.status === 'answering');
    expect(await refusal(names.shallow, 'suspend')).toMatchObject({ code: 's3-disabled', remedy: expect.stringContaining('disable_s3=0') });
    expect(await refusal(names.shallow, 'hibernate')).toMatchObject({ code: 's4-disabled', remedy: expect.stringContaining('disable_s4=0') });
    const guestId = app.guest(names.shallow).id;
    await app.call('refreshGuest', { guestId });
    expect(app.guest(names.shallow)).toMatchObject({ state: { name: 'running' }, agent: { status: 'answering' } });
  });

  test('a wake of a guest that does not sleep, and durations in the wrong place', async () => {
    expect(await refusal(names.mute, 'wakeup')).toMatchObject({ code: 'wrong-state', message: 'It is not sleeping: it is running.' });
    expect(await refusal(names.mute, 'wakeup', '8 h')).toMatchObject({ code: 'duration-not-allowed' });
    expect(await refusal(names.mute, 'start', '8 h')).toMatchObject({ code: 'duration-not-allowed' });
    expect(await refusal(names.mute, 'suspend', '8 parsecs')).toMatchObject({ code: 'bad-duration' });
  });

  test('a guest whose only monitor is taken is listed with that reason, and comes alive when it is free', async () => {
    const taken = await app.untilGuest(names.held, ({ state }) => state.detail?.includes('Another program holds') === true);
    expect(taken.state.name).toBe('unknown');
    expect(await refusal(names.held, 'suspend')).toMatchObject({ code: 'no-control', message: expect.stringContaining('Another program holds') });
    held.close();
    await app.untilState(names.held, 'running', 40_000);
  });

  test('guests of libvirt and guests without a monitor are listed with that reason', async () => {
    const owned = await app.untilGuest(names.bare, ({ state }) => state.name === 'unknown' && state.detail !== undefined);
    expect(owned.state.detail).toContain('belongs to a libvirt that Reveille does not see');
    const lone = await app.untilGuest(names.lone, ({ state }) => state.name === 'unknown' && state.detail !== undefined);
    expect(lone.actions.suspend).toMatchObject({ available: false, remedy: expect.stringContaining('-qmp') });
  });
});

describe.skipIf(isMissing('QEMU', guestsCanRun()))('two real guests at once', () => {
  const names = ['pair-one', 'pair-two'] as const;
  let guests: TinyGuest[] = [];
  let app: TestApp;

  beforeAll(async () => {
    guests = await Promise.all(names.map((name) => startGuest({ name, memoryMiB: 96 })));
    await Promise.all(guests.map((guest) => guest.waitForAgent()));
    app = await startTestApp({ finds: ({ name }) => names.some((one) => one === name) });
    await Promise.all(names.map((name) => app.untilGuest(name, ({ agent }) => agent.status === 'answering')));
  });

  afterAll(async () => {
    await app?.stop();
    await Promise.all(guests.map((guest) => guest.stop()));
  });

  test('sleep and wake side by side', async () => {
    await Promise.all(names.map((name) => app.call('setPowerState', { guestId: app.guest(name).id, action: 'suspend', for: '1 h', alarm: 'app' })));
    await Promise.all(names.map((name) => app.untilState(name, 'suspended')));
    expect(names.map((name) => app.guest(name).alarm?.phase)).toEqual(['armed', 'armed']);
  });

  test('an alarm is moved, and a wake by hand ends it', async () => {
    const [first] = names;
    const { alarm, id } = app.guest(first);
    if (!alarm) throw new Error('The alarm is gone');
    const { due } = await app.call('moveAlarm', { alarmId: alarm.id, to: '+30 min' });
    expect(due - alarm.due).toBe(30 * 60_000);
    await app.call('setPowerState', { guestId: id, action: 'wakeup' });
    await app.untilGuest(first, ({ state, alarm: left }) => state.name === 'running' && left === null);
    const history = await app.call('guestHistory', { guestId: id });
    expect(history.map(({ text }) => text)).toContain('Its alarm ended: you woke it earlier.');
  });

  test('a QEMU that is killed while its guest sleeps is shown as crashed, and its alarm says so', async () => {
    const [, second] = names;
    guests[1]?.kill('SIGKILL');
    const crashed = await app.untilState(second, 'crashed');
    expect(crashed).toMatchObject({ state: { source: 'inference' }, alarm: null });
    await app.until('the notice', ({ notices }) => Object.values(notices).some(({ title }) => title === `${second} will not be woken by its alarm`));
    await app.call('setPowerState', { guestId: crashed.id, action: 'start', startAccepted: true });
    await app.untilState(second, 'running');
  });

  test('a wake by another program ends the alarm', async () => {
    const [first] = names;
    const { id } = app.guest(first);
    await app.untilGuest(first, ({ agent }) => agent.status === 'answering');
    await guests[0]?.exec('echo 0 > /sys/class/rtc/rtc0/wakealarm; echo +3 > /sys/class/rtc/rtc0/wakealarm');
    await app.call('setPowerState', { guestId: id, action: 'suspend', for: '1 h', alarm: 'app' });
    await app.untilState(first, 'suspended');
    const awake = await app.untilState(first, 'running');
    expect(awake).toMatchObject({ alarm: null, state: { cause: 'unknown', source: 'event' } });
    await app.until('the clock is set', (view) => (view.guests[id]?.historyRevision ?? 0) > awake.historyRevision);
  });
});
