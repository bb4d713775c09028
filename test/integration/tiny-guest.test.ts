import { readlinkSync, statSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  DeadlineError,
  endGuestProcesses,
  ensureGuestImage,
  findGuestProcesses,
  guestsCanRun,
  openQmp,
  startGuest,
  until,
} from '../guest/tiny-guest';
import type { TestQmp, TinyGuest, TinyGuestOptions } from '../guest/tiny-guest';
import { isMissing } from '../support/requires';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A guest that ends with its test, and a QMP connection to it. */
async function boot(options: Partial<TinyGuestOptions> = {}): Promise<{ guest: TinyGuest; qmp: TestQmp }> {
  const guest = await startGuest({ name: 'alpha', ...options });
  cleanUps.push(() => guest.stop());
  return { guest, qmp: await connect(guest) };
}

async function connect(guest: TinyGuest): Promise<TestQmp> {
  const qmp = await openQmp(guest.qmpPath);
  cleanUps.push(() => qmp.close());
  return qmp;
}

const names = (qmp: TestQmp) => qmp.events.map(({ event }) => event);
const status = async (qmp: TestQmp) => ((await qmp.execute('query-status')) as { status: string }).status;

/** Whether the guest's side of the agent channel is open, as QEMU sees it. */
async function agentOpen(qmp: TestQmp): Promise<boolean> {
  const chardevs = (await qmp.execute('query-chardev')) as { label: string; 'frontend-open': boolean }[];
  return chardevs.some((chardev) => chardev.label === 'agent0' && chardev['frontend-open']);
}

async function sleep(guest: TinyGuest, qmp: TestQmp, command = 'guest-suspend-ram'): Promise<void> {
  await guest.withAgent(async (agent) => {
    agent.post(command);
    await qmp.nextEvent('SUSPEND');
  });
}

async function powerManagement(qmp: TestQmp, property: string): Promise<unknown> {
  const path = await qmp.execute('qom-get', { path: '/machine', property: 'acpi-device' });
  return qmp.execute('qom-get', { path, property });
}

describe.skipIf(isMissing('QEMU', guestsCanRun()))('the tiny guest', () => {
  beforeAll(async () => {
    await ensureGuestImage();
  });

  it('has an image that is made once', async () => {
    const before = statSync((await ensureGuestImage()).initrd);
    const [one, other] = await Promise.all([ensureGuestImage(), ensureGuestImage()]);
    expect(one).toEqual(other);
    expect(statSync(one.initrd)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it('boots and answers what the app asks', async () => {
    const { guest, qmp } = await boot({ name: 'Büro <1>, a=b' });
    await guest.waitForAgent();
    expect(await qmp.execute('query-name')).toEqual({ name: 'Büro <1>, a=b' });
    expect(await qmp.execute('query-uuid')).toEqual({ UUID: guest.uuid });
    expect(await status(qmp)).toBe('running');
    expect(guest.isAlive()).toBe(true);
    expect(readlinkSync(`/proc/${guest.pid}/exe`)).toBe(guest.args.executable);
    expect(await guest.bootId()).toMatch(/^[0-9a-f-]{36}$/);

    await guest.withAgent(async (agent) => {
      expect(await agent.call('guest-get-host-name')).toEqual({ 'host-name': 'B-ro-1-a-b' });
      expect(await agent.call('guest-get-osinfo')).toMatchObject({ name: 'Reveille test guest' });
      const interfaces = JSON.stringify(await agent.call('guest-network-get-interfaces'));
      expect(interfaces).toContain('"ip-address":"10.0.2.15"');
      await agent.call('guest-set-time', { time: Date.UTC(2030, 0, 1) * 1e6 });
      expect(Number(await agent.call('guest-get-time')) / 1e6).toBeCloseTo(Date.UTC(2030, 0, 1), -4);
      await agent.call('guest-set-time');
      const handle = await agent.call('guest-file-open', { path: '/run/note', mode: 'w' });
      await agent.call('guest-file-write', { handle, 'buf-b64': Buffer.from('kept').toString('base64') });
      await agent.call('guest-file-close', { handle });
    });
    expect(await guest.exec('cat /run/note; hwclock | cut -c 21-24')).toBe('kept2030');
    await expect(guest.exec('ls /nowhere')).rejects.toThrow('No such file');
  });

  it('sleeps in S3 and wakes, again and again', async () => {
    const { guest, qmp } = await boot();
    await guest.waitForAgent();
    const bootId = await guest.bootId();
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await sleep(guest, qmp);
      expect(await status(qmp)).toBe('suspended');
      expect(await agentOpen(qmp)).toBe(false);
      await qmp.execute('system_wakeup');
      await qmp.nextEvent('WAKEUP');
      await guest.waitForAgent();
      expect(await status(qmp)).toBe('running');
    }
    expect(await guest.bootId()).toBe(bootId);
    await expect(qmp.execute('system_wakeup')).rejects.toThrow('GenericError');
  });

  it("is woken by its own clock's alarm", async () => {
    const { guest, qmp } = await boot();
    await guest.waitForAgent();
    await guest.exec('echo +2 > /sys/class/rtc/rtc0/wakealarm');
    await sleep(guest, qmp);
    await qmp.nextEvent('WAKEUP');
    await guest.waitForAgent();
  });

  // Without S4 Linux powers off by itself once the image is written, and QEMU sees a mere shutdown.
  it.each([
    ['in S4', { disableS4: false, events: ['SUSPEND_DISK', 'SHUTDOWN'] }],
    ['with S4 disabled, too', { disableS4: true, events: ['SHUTDOWN'] }],
  ])('hibernates %s and resumes when it is started again', async (_, { disableS4, events }) => {
    const { guest, qmp } = await boot({ disableS4 });
    await guest.waitForAgent();
    expect(await powerManagement(qmp, 'disable_s4')).toBe(Number(disableS4));
    const bootId = await guest.bootId();
    await guest.exec('echo 42 > /run/x');
    await guest.withAgent(async (agent) => {
      agent.post('guest-suspend-disk');
      await qmp.waitForClose();
    });
    expect(names(qmp).filter((name) => /^(SUSPEND|SHUTDOWN)/.test(name))).toEqual(events);
    expect((await qmp.nextEvent('SHUTDOWN')).data).toEqual({ guest: true, reason: 'guest-shutdown' });
    await guest.waitForExit();
    expect(guest.isAlive()).toBe(false);

    const again = await guest.startAgain();
    await again.waitForAgent();
    expect(again.pid).not.toBe(guest.pid);
    expect(await again.bootId()).toBe(bootId);
    expect(await again.exec('cat /run/x')).toBe('42');
    expect((await again.consoleText()).split('alpha is up')).toHaveLength(2);
  });

  it('sleeps in hybrid and resumes from disk when it lost its memory', async () => {
    const { guest, qmp } = await boot();
    await guest.waitForAgent();
    const bootId = await guest.bootId();
    await sleep(guest, qmp, 'guest-suspend-hybrid');
    await qmp.execute('system_wakeup');
    await qmp.nextEvent('WAKEUP');
    await guest.waitForAgent();

    await sleep(guest, qmp, 'guest-suspend-hybrid');
    guest.kill('SIGKILL');
    await guest.waitForExit();
    const again = await guest.startAgain();
    await again.waitForAgent();
    expect(await again.bootId()).toBe(bootId);
  });

  it.each([
    ['the power button', 'POWERDOWN'],
    ['the agent', 'SHUTDOWN'],
  ] as const)('shuts down cleanly by %s', async (by, event) => {
    const { guest, qmp } = await boot();
    await guest.waitForAgent();
    if (by === 'the power button') await qmp.execute('system_powerdown');
    else
      await guest.withAgent(async (agent) => {
        agent.post('guest-shutdown');
        await qmp.waitForClose();
      });
    await qmp.waitForClose();
    await guest.waitForExit();
    expect(names(qmp)).toContain(event);
    expect((await qmp.nextEvent('SHUTDOWN')).data).toEqual({ guest: true, reason: 'guest-shutdown' });
    expect(await guest.consoleText()).toContain('tiny-guest: clean poweroff');
  });

  it('restarts by the agent, which makes another boot of the same process', async () => {
    const { guest, qmp } = await boot();
    await guest.waitForAgent();
    const bootId = await guest.bootId();
    await guest.withAgent(async (agent) => {
      agent.post('guest-shutdown', { mode: 'reboot' });
      await qmp.nextEvent('RESET');
    });
    await guest.waitForAgent();
    expect(await guest.bootId()).not.toBe(bootId);
    expect(guest.isAlive()).toBe(true);
    expect(await guest.consoleText()).toContain('tiny-guest: clean reboot');
  });

  it('cannot sleep with S3 disabled: QOM says so, and no SUSPEND comes', async () => {
    const { guest, qmp } = await boot({ disableS3: true });
    await guest.waitForAgent();
    expect(await powerManagement(qmp, 'disable_s3')).toBe(1);
    expect(await guest.exec('cat /sys/power/mem_sleep')).toBe('[s2idle]');
    // Linux falls back to s2idle, of which QEMU knows nothing; a key press ends it.
    await guest.withAgent(async (agent) => {
      agent.post('guest-suspend-ram');
      await until(5_000, 'a silent agent', async () => !(await agentOpen(qmp)) || undefined);
    });
    expect(await status(qmp)).toBe('running');
    await expect(qmp.execute('system_wakeup')).rejects.toThrow('guest is not in suspended state');
    // A key that is pressed while the guest still falls asleep is lost.
    await until(20_000, 'wake by a key', async () => {
      await qmp.execute('send-key', { keys: [{ type: 'qcode', data: 'shift' }] });
      return (await agentOpen(qmp)) || undefined;
    });
    await guest.waitForAgent();
    expect(names(qmp)).not.toContain('SUSPEND');
  });

  it('cannot hibernate without a swap disk, nor sleep in hybrid where that is off', async () => {
    const { guest, qmp } = await boot({ swap: false, hybrid: false });
    await guest.waitForAgent();
    await guest.withAgent(async (agent) => {
      await expect(agent.call('guest-suspend-disk')).rejects.toThrow('child process has failed to suspend');
      await expect(agent.call('guest-suspend-hybrid')).rejects.toThrow('mode is not supported by the guest');
    });
    expect(await status(qmp)).toBe('running');
    expect(names(qmp)).not.toContain('SUSPEND_DISK');
  });

  it('sleeps only once on q35', async () => {
    const { guest, qmp } = await boot({ machine: 'q35' });
    await guest.waitForAgent();
    await sleep(guest, qmp);
    await qmp.execute('system_wakeup');
    await qmp.nextEvent('WAKEUP');
    await guest.waitForAgent();
    // The second time the kernel comes back at once. In the background, as sleep cuts the agent's channel.
    await guest.exec(
      '(sleep 0.5; echo mem > /sys/power/state; echo came back > /dev/console) > /dev/null 2>&1 &',
    );
    await until(
      20_000,
      'return from sleep',
      async () => (await guest.consoleText()).includes('came back') || undefined,
    );
    await guest.waitForAgent();
    expect(names(qmp).filter((name) => name === 'SUSPEND')).toHaveLength(1);
  });

  it('can be without an agent, or with one that does not run', async () => {
    const [without, silent] = [
      await boot({ agent: false }),
      await boot({ name: 'beta', agentRunning: false }),
    ];
    await expect(without.guest.waitForAgent()).rejects.toThrow('no agent channel');
    await until(
      30_000,
      'boot',
      async () => (await silent.guest.consoleText()).includes('beta is up') || undefined,
    );
    await expect(silent.guest.waitForAgent(200)).rejects.toThrow(DeadlineError);
    expect(await agentOpen(silent.qmp)).toBe(false);
  });

  it('can start paused, and stay after a shutdown', async () => {
    const { guest, qmp } = await boot({ paused: true, noShutdown: true });
    expect(await status(qmp)).toBe('prelaunch');
    await qmp.execute('cont');
    await guest.waitForAgent();
    await qmp.execute('system_powerdown');
    await qmp.nextEvent('STOP');
    expect(await status(qmp)).toBe('shutdown');
    expect(guest.isAlive()).toBe(true);
  });

  it('can be a daemon with a monitor in the long form', async () => {
    const { guest, qmp } = await boot({ daemonize: true, monitorStyle: 'mon' });
    expect(findGuestProcesses(guest.dir)).toEqual([guest.pid]);
    expect(readlinkSync(`/proc/${guest.pid}/cwd`)).toBe('/');
    await guest.waitForAgent();
    await sleep(guest, qmp);
  });

  it('serves one QMP client at a time, ends without a word when killed, and leaves nothing', async () => {
    const { guest, qmp } = await boot();
    await expect(openQmp(guest.qmpPath, 300)).rejects.toThrow(DeadlineError);
    guest.kill('SIGKILL');
    await qmp.waitForClose();
    await guest.waitForExit();
    expect(names(qmp)).not.toContain('SHUTDOWN');
    const again = await guest.startAgain();
    expect(findGuestProcesses(guest.dir)).toEqual([again.pid]);
    await endGuestProcesses(guest.dir);
    expect(findGuestProcesses(guest.dir)).toEqual([]);
    expect(again.isAlive()).toBe(false);
  });

  it("says in QEMU's words why it does not start", async () => {
    await expect(startGuest({ name: 'alpha', extraArgs: ['-device', 'nothing'] })).rejects.toThrow(
      "'nothing' is not a valid device model name",
    );
  });
});
