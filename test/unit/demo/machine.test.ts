import { describe, expect, it } from 'vitest';
import { createMachine, type InitialState, type PoweredMachine } from '../../../main/demo/machine';
import { withDefaults } from '../../../main/demo/simulated-qemu';
import type { MachineEvent, MachineSettings, SimulatedDisk } from '../../../main/demo/simulation';
import { fakeClock, type FakeClock } from '../../fakes/clock';

const DELAYS = { boot: 2000, suspend: 400, wake: 300, hibernate: 1500, shutdown: 1000 };

interface World {
  machine: PoweredMachine;
  clock: FakeClock;
  disk: SimulatedDisk;
  /** The events since the last call; those of the agent's port are left out. */
  told(): string[];
  exits: number;
}

function build(
  settings: Partial<MachineSettings> = {},
  initial: InitialState = { kind: 'up', uptimeMs: 60_000 },
  {
    clock = fakeClock(),
    disk = { hibernationImage: null },
    resumes = true,
  }: { clock?: FakeClock; disk?: SimulatedDisk; resumes?: boolean } = {},
): World {
  const events: MachineEvent[] = [];
  const machine = createMachine({
    settings: withDefaults({ name: 'm', uuid: 'u', ...settings }),
    delays: DELAYS,
    clock,
    disk,
    powerButton: (guest) => guest.shutdown('powerdown'),
    resumesImage: () => resumes,
    onEvent: (event) => events.push(event),
    onAgentChange: () => undefined,
    onExit() {
      world.exits += 1;
      machine.off();
    },
  });
  const world: World = {
    machine,
    clock,
    disk,
    exits: 0,
    told: () =>
      events
        .splice(0)
        .filter(({ name }) => name !== 'VSERPORT_CHANGE')
        .map(({ name, data }) => [name, data?.['reason']].filter(Boolean).join(' ')),
  };
  machine.powerOn(initial);
  return world;
}

async function asleep(settings: Partial<MachineSettings> = {}): Promise<World> {
  const world = build(settings);
  world.machine.guest.suspend('ram');
  await world.clock.advance(DELAYS.suspend);
  expect(world.told()).toEqual(['SUSPEND']);
  expect(world.machine.status()).toBe('suspended');
  return world;
}

const bootId = ({ machine }: World) => machine.guest.memory()?.bootId;

describe('sleep', () => {
  it('takes its time, then lasts', async () => {
    const { machine, clock, told } = build();
    machine.guest.suspend('ram');
    expect(machine.guest.agentRuns()).toBe(false);
    await clock.advance(DELAYS.suspend - 1);
    expect([machine.status(), told()]).toEqual(['running', []]);
    await clock.advance(1);
    expect([machine.status(), told()]).toEqual(['suspended', ['SUSPEND']]);
    await clock.advance(3_600_000);
    expect([machine.status(), told()]).toEqual(['suspended', []]);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('ends by a wakeup: running at once, WAKEUP next, the agent later', async () => {
    const world = await asleep();
    const { machine, clock, told } = world;
    const before = bootId(world);
    expect(machine.wakeup()).toBe('done');
    expect([machine.status(), told()]).toEqual(['running', []]);
    await clock.advance(0);
    expect([told(), machine.guest.agentRuns()]).toEqual([['WAKEUP'], false]);
    await clock.advance(DELAYS.wake);
    expect(machine.guest.agentRuns()).toBe(true);
    expect(bootId(world)).toBe(before);
    expect(machine.wakeup()).toBe('not-suspended');
  });

  it('ends by the guest’s own doing as well', async () => {
    const { machine, clock, told } = await asleep();
    machine.guest.wakeByItself();
    await clock.advance(0);
    expect([machine.status(), told()]).toEqual(['running', ['WAKEUP']]);
    machine.guest.wakeByItself();
    await clock.advance(1000);
    expect(told()).toEqual([]);
  });

  it('loses a press of the power button', async () => {
    const { machine, clock, told } = await asleep();
    machine.pressPowerButton();
    expect(told()).toEqual(['POWERDOWN']);
    machine.wakeup();
    await clock.advance(10_000);
    expect([machine.status(), told()]).toEqual(['running', ['WAKEUP']]);
  });

  it('is not disturbed by stop and cont before QEMU 9', async () => {
    const { machine, told } = await asleep();
    machine.stop();
    machine.cont();
    expect([machine.status(), told()]).toEqual(['suspended', []]);
  });

  it('is stopped and continued by QEMU 9, which then cannot be woken meanwhile', async () => {
    const { machine, told } = await asleep({ qemuVersion: { major: 9, minor: 0, micro: 0, package: '' } });
    machine.stop();
    expect([machine.status(), told()]).toEqual(['paused', ['STOP']]);
    expect(machine.wakeup()).toBe('not-suspended');
    machine.cont();
    expect([machine.status(), told()]).toEqual(['suspended', ['RESUME']]);
    expect(machine.wakeup()).toBe('done');
  });

  it('survives one reset, for the firmware resumes it; a reset awake is a boot', async () => {
    const world = await asleep();
    const { machine, clock, told } = world;
    const before = bootId(world);
    machine.reset();
    expect([machine.status(), told()]).toEqual(['prelaunch', ['RESET host-qmp-system-reset']]);
    await clock.advance(10_000);
    expect([machine.status(), told()]).toEqual(['prelaunch', []]);
    machine.cont();
    await clock.advance(DELAYS.wake);
    expect([machine.status(), told(), bootId(world)]).toEqual(['running', ['RESUME'], before]);
    machine.reset();
    await clock.advance(DELAYS.boot);
    expect(told()).toEqual(['RESET host-qmp-system-reset', 'RESET guest-reset']);
    expect(bootId(world)).not.toBe(before);
  });
});

describe('hibernation', () => {
  it('ends the process, and the next one goes on where it was', async () => {
    const first = build();
    first.machine.guest.suspend('disk');
    await first.clock.advance(DELAYS.hibernate);
    expect([first.told(), first.exits]).toEqual([['SUSPEND_DISK', 'SHUTDOWN guest-shutdown'], 1]);
    await first.clock.advance(60_000);

    const image = first.disk.hibernationImage;
    const second = build({}, { kind: 'booting' }, first);
    await second.clock.advance(DELAYS.boot);
    expect(second.machine.guest.memory()).toBe(image);
    // A minute before, a minute off, and the boot; hibernating took a while too.
    expect(second.machine.guest.uptimeMs()).toBe(120_000 + DELAYS.boot + DELAYS.hibernate);
    expect(second.disk.hibernationImage).toBeNull();
  });

  it('is lost with its image: a cold boot', async () => {
    const first = build();
    const before = bootId(first);
    first.machine.guest.suspend('disk');
    await first.clock.advance(DELAYS.hibernate);
    const second = build({}, { kind: 'booting' }, { ...first, resumes: false });
    await second.clock.advance(DELAYS.boot);
    expect(bootId(second)).toMatch(/^[0-9a-f-]{36}$/);
    expect(bootId(second)).not.toBe(before);
    expect(second.machine.guest.uptimeMs()).toBe(0);
  });

  it('leaves QEMU in shutdown with -no-shutdown; reset and cont resume', async () => {
    const world = build({ noShutdown: true });
    const before = bootId(world);
    world.machine.guest.suspend('disk');
    await world.clock.advance(DELAYS.hibernate);
    expect(world.told()).toEqual(['SUSPEND_DISK', 'SHUTDOWN guest-shutdown', 'STOP']);
    expect([world.exits, world.machine.status(), world.machine.cont()]).toEqual([
      0,
      'shutdown',
      'needs-reset',
    ]);
    world.machine.reset();
    expect(world.machine.cont()).toBe('done');
    await world.clock.advance(DELAYS.boot);
    expect(bootId(world)).toBe(before);
  });

  it('hybrid: wakes as from S3, or resumes when the process ended', async () => {
    const world = build({ hybrid: true });
    const before = bootId(world);
    world.machine.guest.suspend('hybrid');
    await world.clock.advance(DELAYS.hibernate);
    expect([world.machine.status(), world.told()]).toEqual(['suspended', ['SUSPEND']]);
    expect(world.disk.hibernationImage).not.toBeNull();
    world.machine.quit();
    await world.clock.advance(0);
    expect([world.told(), world.exits]).toEqual([['SHUTDOWN host-qmp-quit'], 1]);
    const next = build({ hybrid: true }, { kind: 'booting' }, world);
    await next.clock.advance(DELAYS.boot);
    expect(bootId(next)).toBe(before);

    next.machine.guest.suspend('hybrid');
    await next.clock.advance(DELAYS.hibernate);
    next.machine.wakeup();
    expect(next.disk.hibernationImage).toBeNull();
  });
});

describe('pause', () => {
  it('stops whatever the guest was doing', async () => {
    const { machine, clock, told } = build();
    machine.guest.suspend('ram');
    await clock.advance(100);
    machine.stop();
    await clock.advance(60_000);
    expect([machine.status(), told()]).toEqual(['paused', ['STOP']]);
    machine.cont();
    await clock.advance(DELAYS.suspend - 100);
    expect([machine.status(), told()]).toEqual(['suspended', ['RESUME', 'SUSPEND']]);
  });

  it('keeps a press of the power button until it ends', async () => {
    const world = build();
    world.machine.stop();
    world.machine.pressPowerButton();
    await world.clock.advance(60_000);
    expect(world.told()).toEqual(['STOP', 'POWERDOWN']);
    world.machine.cont();
    await world.clock.advance(DELAYS.shutdown);
    expect([world.told(), world.exits]).toEqual([['RESUME', 'SHUTDOWN guest-shutdown'], 1]);
  });

  it('a reset forgets the press and waits for cont', async () => {
    const world = build();
    world.machine.stop();
    world.machine.pressPowerButton();
    world.machine.reset();
    expect(world.machine.status()).toBe('prelaunch');
    world.machine.cont();
    await world.clock.advance(60_000);
    expect([world.machine.status(), world.exits]).toEqual(['running', 0]);
  });
});

describe('the end', () => {
  it.each([
    ['powerdown', ['SHUTDOWN guest-shutdown'], 1, false],
    ['halt', [], 0, false],
    ['reboot', ['RESET guest-reset', 'RESET guest-reset'], 0, true],
  ] as const)('guest-shutdown %s', async (mode, events, exits, agentRuns) => {
    const world = build();
    world.machine.guest.shutdown(mode);
    await world.clock.advance(DELAYS.shutdown + DELAYS.boot);
    expect([world.told(), world.exits, world.machine.guest.agentRuns()]).toEqual([events, exits, agentRuns]);
    if (mode !== 'powerdown') expect(world.machine.status()).toBe('running');
  });

  it('leaves nothing behind', async () => {
    const world = build();
    world.machine.guest.suspend('ram');
    world.machine.terminate();
    expect([world.told(), world.exits, world.clock.pendingTimers()]).toEqual([
      ['SHUTDOWN host-signal'],
      1,
      0,
    ]);
    await world.clock.advance(60_000);
    expect(world.told()).toEqual([]);
  });
});

describe('the guest’s clock', () => {
  it.each(['ram', 'disk'] as const)('is up to 1.5 s behind after %s', async (mode) => {
    const first = build();
    first.machine.guest.suspend(mode);
    await first.clock.advance(DELAYS.hibernate + 777);
    const world = mode === 'ram' ? first : build({}, { kind: 'booting' }, first);
    if (mode === 'ram') world.machine.wakeup();
    await world.clock.advance(DELAYS.boot);
    const behind = world.clock.now() - world.machine.guest.timeMs();
    expect(behind).toBeGreaterThan(0);
    expect(behind).toBeLessThanOrEqual(1500);
  });

  it('lags by the whole pause, and is set by the RTC or to a time', async () => {
    const { machine, clock, told } = build();
    machine.stop();
    await clock.advance(90_000);
    machine.cont();
    expect(clock.now() - machine.guest.timeMs()).toBe(90_000);
    expect(machine.guest.uptimeMs()).toBe(60_000);
    await clock.advance(250);
    machine.guest.setTime(null);
    expect(clock.now() - machine.guest.timeMs()).toBe(250);
    told();
    machine.guest.setTime(clock.now() + 5000);
    expect(machine.guest.timeMs() - clock.now()).toBe(5000);
    expect(told()).toEqual(['RTC_CHANGE']);
    await clock.advance(250);
    machine.guest.setTime(null);
    expect(machine.guest.timeMs() - clock.now()).toBe(4500);
  });
});

it('the agent’s port follows the guest', async () => {
  const seen: unknown[] = [];
  const clock = fakeClock();
  const machine = createMachine({
    settings: withDefaults({ name: 'm', uuid: 'u' }),
    delays: DELAYS,
    clock,
    disk: { hibernationImage: null },
    powerButton: () => undefined,
    resumesImage: () => true,
    onEvent: ({ name, data }) => seen.push(name === 'VSERPORT_CHANGE' ? data?.['open'] : name),
    onAgentChange: () => undefined,
    onExit: () => machine.off(),
  });
  machine.powerOn({ kind: 'booting' });
  await clock.advance(DELAYS.boot);
  machine.guest.suspend('ram');
  await clock.advance(DELAYS.suspend);
  machine.wakeup();
  await clock.advance(DELAYS.wake);
  machine.guest.suspend('disk');
  await clock.advance(DELAYS.hibernate);
  expect(seen).toEqual([true, false, 'SUSPEND', 'WAKEUP', true, false, true, 'SUSPEND_DISK', 'SHUTDOWN']);
});
