import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DaemonPlace } from '../../main/hypervisors/libvirt/model';
import { guestsCanRun, openQmp, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp } from '../support/app';
import { compileChild, type ChildProgram } from '../support/child-program';
import { refusedSleep, sleepAndKill } from '../support/killed-app';
import { placeOf } from '../support/libvirt-app';
import { defineGuest, libvirtGuestsCanRun, type LibvirtGuest } from '../support/libvirt-guest';
import { startLibvirtd, type TestLibvirtd } from '../support/libvirtd';
import { mountNamespacesPresent } from '../support/mount-namespace';
import { isMissing } from '../support/requires';

const FOR_S = 20;
/** How far from its time a guest may wake, in ms: its clock ticks in whole seconds, and this machine may be busy. */
const EARLY_MS = 2_500;
const LATE_MS = 8_000;

let program: ChildProgram;
let dataDir: string;

beforeAll(async () => {
  program = await compileChild('test/support/app-child.ts');
});
afterAll(() => program?.remove());
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'alarm-holders-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

function expectInTime(due: number, wokeAt: number): void {
  expect(wokeAt - due).toBeGreaterThan(-EARLY_MS);
  expect(wokeAt - due).toBeLessThan(LATE_MS);
}

/** Another app on the killed one's files: what it makes of the alarm. */
async function toldLater(guest: string, libvirt?: DaemonPlace): Promise<string[]> {
  const app = await startTestApp({
    dataDir,
    finds: ({ name }) => name === guest,
    ...(libvirt ? { libvirtPlaces: [libvirt] } : {}),
  });
  try {
    await app.untilGuest(guest, ({ alarm, state }) => alarm === null && state.name === 'running', 60_000);
    const history = await app.call('guestHistory', { guestId: app.guest(guest).id });
    return history.map(({ text }) => text);
  } finally {
    await app.stop();
  }
}

describe.skipIf(isMissing('QEMU', guestsCanRun()))('a real guest whose app was killed while it slept', () => {
  let guest: TinyGuest;

  beforeAll(async () => {
    guest = await startGuest({ name: 'held-nas' });
    await guest.waitForAgent();
  });
  afterAll(() => guest?.stop());

  test('is woken by its own clock', async () => {
    const { alarm } = await sleepAndKill(program, { dataDir, guest: guest.name, for: `${FOR_S} s`, alarm: 'guest' });
    expect(alarm).toMatchObject({ holder: 'guest', change: { available: false } });
    const qmp = await openQmp(guest.qmpPath);
    try {
      expect(await qmp.execute('query-status')).toMatchObject({ status: 'suspended' });
      await qmp.nextEvent('WAKEUP', 60_000);
      expectInTime(alarm.due, Date.now());
    } finally {
      qmp.close();
    }
    await guest.waitForAgent();
    expect(await toldLater(guest.name)).toContain('It was found awake; its alarm, kept by its own clock (RTC), had come due.');
    expect(await guest.exec('cat /sys/class/rtc/rtc0/wakealarm')).toBe('');
  });

  test('is woken by a job on its host', async () => {
    const { alarm } = await sleepAndKill(program, { dataDir, guest: guest.name, for: `${FOR_S} s`, alarm: 'host' });
    expect(alarm).toMatchObject({ holder: 'host', change: { available: true } });
    await guest.waitForAgent(60_000);
    expectInTime(alarm.due, Date.now());
    const told = (await toldLater(guest.name)).find((text) => text.startsWith('It was found awake'));
    expect(told).toMatch(/kept by .* on this computer, had come due/);
  });

  test('is woken in time by the app that is started again, and the job goes', async () => {
    const { alarm } = await sleepAndKill(program, { dataDir, guest: guest.name, for: `${FOR_S} s`, alarm: 'host' });
    const told = await toldLater(guest.name);
    expectInTime(alarm.due, Date.now());
    // The app holds the one monitor that the job needs, so it does not wait for the job.
    expect(told.join('\n')).toMatch(/Woken by/);
    await guest.waitForAgent();
  });
});

describe.skipIf(isMissing('QEMU', guestsCanRun()) || isMissing('mount namespaces', mountNamespacesPresent()))('a data folder that takes nothing', () => {
  let guest: TinyGuest;

  beforeAll(async () => {
    guest = await startGuest({ name: 'spoilt-nas' });
    await guest.waitForAgent();
  });
  afterAll(() => guest?.stop());

  test.each([
    ['full', 'app', /disk is full/],
    ['full', 'guest', /disk is full/],
    ['read-only', 'host', /read-only/],
  ] as const)('(%s) refuses a sleep with an alarm for the %s before the guest is touched', async (spoil, alarm, why) => {
    const before = await guest.exec('cat /sys/power/suspend_stats/success; cat /sys/class/rtc/rtc0/wakealarm');
    const said = await refusedSleep(program, { dataDir, guest: guest.name, for: '1 h', alarm, spoil });
    expect(said).toMatchObject({
      refused: {
        code: 'storage',
        message: 'Its alarm could not be kept, so it was not put to sleep.',
        remedy: expect.stringMatching(why) as unknown,
      },
    });
    expect(await guest.exec('cat /sys/power/suspend_stats/success; cat /sys/class/rtc/rtc0/wakealarm')).toBe(before);
  });
});

describe.skipIf(isMissing('libvirt', libvirtGuestsCanRun()))('a real guest of libvirt whose app was killed while it slept', () => {
  let libvirtd: TestLibvirtd;
  let guest: LibvirtGuest;
  let libvirt: DaemonPlace;

  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    libvirt = { ...placeOf(libvirtd), uri: `qemu:///system?socket=${libvirtd.socket}` };
    guest = await defineGuest(libvirtd, { name: 'held-domain' });
    await guest.start();
  });
  afterAll(() => libvirtd?.stop());

  test.each([['guest'], ['host']] as const)('is woken by the %s', async (holder) => {
    const { alarm } = await sleepAndKill(program, { dataDir, guest: guest.name, libvirt, for: `${FOR_S} s`, alarm: holder });
    expect(alarm.holder).toBe(holder);
    expect(await guest.state()).toMatch(/pmsuspended/);
    await guest.untilState(/running/, 60_000);
    expectInTime(alarm.due, Date.now());
    await guest.waitForAgent();
    const told = await toldLater(guest.name, libvirt);
    expect(told.join('\n')).toMatch(/It was found awake; its alarm, kept by .*, had come due/);
  });
});
