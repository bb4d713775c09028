import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../main/clock';
import { startSimulatedQemu } from '../../main/demo/simulated-qemu';
import type { SimulatedDisk } from '../../main/demo/simulation';
import {
  guestsCanRun,
  openAgent,
  openQmp,
  startGuest,
  type TestAgent,
  type TestQmp,
} from '../guest/tiny-guest';
import { isMissing } from '../support/requires';

/** One life of a guest, from a start of QEMU to its end. */
interface Life {
  qmpPath: string;
  agentPath: string;
  /** Starts it again after its end. */
  again(): Promise<Life>;
}

const POWER_EVENTS = [
  ...[
    'SUSPEND',
    'WAKEUP',
    'SUSPEND_DISK',
    'SHUTDOWN',
    'STOP',
    'RESUME',
    'POWERDOWN',
    'RESET',
    'GUEST_PANICKED',
  ],
];

interface Line {
  what: string;
  events: string[];
  then: string;
}

/** What a guest goes through, with what is to be seen of it. Every wait is for something that has to come. */
async function liveThrough(first: Life): Promise<Line[]> {
  const lines: Line[] = [];
  let life = first;
  let qmp: TestQmp = await openQmp(life.qmpPath);
  let agent: TestAgent = await openAgent(life.agentPath, 60_000);
  let told = 0;

  const eventsSince = (): string[] => {
    const fresh = qmp.events.slice(told);
    told = qmp.events.length;
    return fresh
      .filter(({ event, data }) => POWER_EVENTS.includes(event) && data['reason'] !== 'guest-reset')
      .map(({ event, data }) => [event, data['reason']].filter(Boolean).join(' '));
  };
  const status = async () => ((await qmp.execute('query-status')) as { status: string }).status;
  const step = async (what: string, act: () => Promise<unknown>) => {
    const answer = await act().catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    const then = await status();
    lines.push({
      what,
      events: eventsSince(),
      then: typeof answer === 'string' ? `${answer}; ${then}` : then,
    });
  };
  const lastStep = async (what: string, act: () => Promise<unknown>) => {
    await act();
    await qmp.waitForClose(20_000);
    lines.push({ what, events: eventsSince(), then: 'gone' });
    agent.close();
  };
  const read = async (handle: unknown) => {
    const { 'buf-b64': text } = (await agent.call('guest-file-read', { handle })) as { 'buf-b64': string };
    return Buffer.from(text, 'base64').toString();
  };
  const open = (path: string) => agent.call('guest-file-open', { path });
  const bootId = async () => read(await open('/proc/sys/kernel/random/boot_id'));
  const sleep = async () => {
    agent.post('guest-suspend-ram');
    await qmp.nextEvent('SUSPEND');
  };
  const wake = async () => {
    await qmp.execute('system_wakeup');
    await qmp.nextEvent('WAKEUP');
    await agent.call('guest-ping');
  };

  const firstBoot = await bootId();
  await step('sleeps', sleep);
  await step('its power button is pressed', () => qmp.execute('system_powerdown').then(() => ({})));
  await step('is stopped asleep', () => qmp.execute('stop'));
  await step('is continued asleep', () => qmp.execute('cont'));
  const asked = agent.call('guest-ping', {}, 20_000);
  const early = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 500, 'no answer'))]);
  expect(early).toBe('no answer');
  await step('wakes', async () => {
    await qmp.execute('system_wakeup');
    await qmp.nextEvent('WAKEUP');
    expect(await asked).toEqual({});
  });
  await step('is woken awake', wake);
  await step('sleeps again', sleep);
  await step('wakes again', wake);
  expect(await bootId()).toBe(firstBoot);

  await step('hybrid sleep, which it cannot', () => agent.call('guest-suspend-hybrid'));
  await step('is paused', () => qmp.execute('stop'));
  const paused = agent.call('guest-ping', {}, 20_000);
  expect(await Promise.race([paused, new Promise((resolve) => setTimeout(resolve, 300, 'no answer'))])).toBe(
    'no answer',
  );
  await step('is resumed', () => qmp.execute('cont').then(() => paused));

  await step('sleeps', sleep);
  await step('is reset asleep', () => qmp.execute('system_reset'));
  // Surprising, but so it is: the firmware finds S3's mark in CMOS, and resumes.
  await step('is continued', async () => {
    await qmp.execute('cont');
    await agent.call('guest-ping', {}, 20_000);
  });
  expect(await bootId()).toBe(firstBoot);
  await step('is reset awake', async () => {
    await qmp.execute('system_reset');
    agent.close();
    agent = await openAgent(life.agentPath, 60_000);
  });
  const secondBoot = await bootId();
  expect(secondBoot).not.toBe(firstBoot);

  const handle = await open('/proc/uptime');
  await lastStep('hibernates', async () => agent.post('guest-suspend-disk'));
  life = await life.again();
  [qmp, told] = [await openQmp(life.qmpPath), 0];
  agent = await openAgent(life.agentPath, 60_000);
  // The agent itself was in RAM: it still has the file open.
  expect(await bootId()).toBe(secondBoot);
  expect(await read(handle)).toMatch(/^\d+\.\d\d /);
  await step('is up again', async () => undefined);

  await step('reboots', async () => {
    agent.post('guest-shutdown', { mode: 'reboot' });
    await qmp.nextEvent('RESET');
    agent.close();
    agent = await openAgent(life.agentPath, 60_000);
  });
  expect(await bootId()).not.toBe(secondBoot);
  await step('is paused', () => qmp.execute('stop'));
  await step('its power button is pressed', () => qmp.execute('system_powerdown'));
  await lastStep('is continued', () => qmp.execute('cont'));

  life = await life.again();
  [qmp, told] = [await openQmp(life.qmpPath), 0];
  agent = await openAgent(life.agentPath, 60_000);
  await lastStep('shuts down by its agent', async () => agent.post('guest-shutdown'));
  return lines;
}

describe.skipIf(isMissing('QEMU', guestsCanRun()))('the simulated guest lives as a real one', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'demo-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('through sleep, pause, reset, hibernation, reboot and shutdown', async () => {
    let guest = await startGuest({ name: 'twin', monitorStyle: 'mon', hybrid: false });
    const realLife = (): Life => ({
      qmpPath: guest.qmpPath,
      agentPath: guest.agentPath ?? '',
      async again() {
        await guest.waitForExit();
        guest = await guest.startAgain();
        return realLife();
      },
    });
    let fromReal: Line[];
    try {
      fromReal = await liveThrough(realLife());
    } finally {
      await guest.stop();
    }

    const disk: SimulatedDisk = { hibernationImage: null };
    const simulatedLife = async (): Promise<Life> => {
      const qemu = await startSimulatedQemu({
        name: 'twin',
        uuid: '11111111-2222-3333-4444-555555555555',
        dir,
        clock: systemClock,
        disk,
        delays: { boot: 300, suspend: 50, hibernate: 100, shutdown: 100, wake: 50 },
      });
      return {
        qmpPath: qemu.qmp.path,
        agentPath: qemu.agent?.path ?? '',
        again: () => qemu.exited.then(simulatedLife),
      };
    };
    expect(await liveThrough(await simulatedLife())).toEqual(fromReal);

    // The table that the real guest was measured by.
    expect(fromReal.slice(0, 6)).toEqual([
      { what: 'sleeps', events: ['SUSPEND'], then: 'suspended' },
      { what: 'its power button is pressed', events: ['POWERDOWN'], then: 'suspended' },
      { what: 'is stopped asleep', events: [], then: 'suspended' },
      { what: 'is continued asleep', events: [], then: 'suspended' },
      { what: 'wakes', events: ['WAKEUP'], then: 'running' },
      {
        what: 'is woken awake',
        events: [],
        then: 'GenericError: Unable to wake up: guest is not in suspended state; running',
      },
    ]);
  });
});
