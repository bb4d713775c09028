import { open } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../main/guests/confirm';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';

/** Guests that accept what they then do not do, as real ones are. */
describe.skipIf(isMissing('QEMU', guestsCanRun()))('real guests that do not do as they said', () => {
  let guest: TinyGuest | undefined;
  let app: TestApp | undefined;

  afterEach(async () => {
    await app?.stop();
    await guest?.stop();
  });

  const begin = async (options: Parameters<typeof startGuest>[0]): Promise<TestApp> => {
    guest = await startGuest(options);
    await guest.waitForAgent();
    const limits = { ...defaultLimits, confirm: { ...defaultLimits.confirm, suspend: 6000 } };
    app = await startTestApp({ finds: ({ name }) => name === options.name, limits });
    await app.untilGuest(options.name, ({ agent }) => agent.status === 'answering');
    return app;
  };

  const untilNotice = (one: TestApp, title: string) =>
    one.until(title, ({ notices }) => Object.values(notices).find((notice) => notice.title === title), 90_000);

  test('a q35 guest that sleeps only once is told as such, and its alarm is kept in case it sleeps later', async () => {
    const name = 'once-only';
    const one = await begin({ name, machine: 'q35', memoryMiB: 96 });
    const { id } = one.guest(name);
    await one.call('setPowerState', { guestId: id, action: 'suspend' });
    await one.untilState(name, 'suspended');
    await one.call('setPowerState', { guestId: id, action: 'wakeup' });
    await one.untilState(name, 'running');
    await one.untilGuest(name, ({ agent }) => agent.status === 'answering');
    await one.call('setPowerState', { guestId: id, action: 'suspend', for: '1 h', alarm: 'app' });
    const notice = await untilNotice(one, `${name} did not fall asleep`);
    expect(notice.message).toContain('no SUSPEND event');
    expect(notice.message).toContain('as it may still fall asleep');
    expect(notice.remedy).toContain('q35');
    const { alarm, state } = one.guest(name);
    expect([alarm?.phase, alarm?.reason, state.name]).toEqual(['pending', 'It has not fallen asleep yet', 'running']);
    await one.call('cancelAlarm', { alarmId: alarm?.id ?? '' });
    await one.untilGuest(name, (shown) => shown.alarm === null);
  });

  test('a guest that booted anew instead of resuming is told, with what was lost', async () => {
    const name = 'cold-boot';
    const one = await begin({ name });
    const { id } = one.guest(name);
    await one.call('setPowerState', { guestId: id, action: 'hibernate' });
    await one.untilState(name, 'hibernated', 60_000);
    // The image is lost, as by a guest that cannot load it.
    const swap = await open(path.join(guest?.dir ?? '', 'swap.img'), 'r+');
    await swap.write(Buffer.alloc(1 << 20), 0, 1 << 20, 0);
    await swap.close();
    await one.call('setPowerState', { guestId: id, action: 'start', startAccepted: true });
    const notice = await untilNotice(one, `${name} did not start properly`);
    expect(notice.message).toContain('booted anew instead of resuming');
    expect(one.guest(name).state.name).toBe('running');
  });
});
