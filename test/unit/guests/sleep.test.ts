import { describe, expect, it, vi } from 'vitest';
import {
  agentBlocks,
  agentDiesAtWakeup,
  agentIgnores,
  agentRefuses,
  bootsCold,
  keepsSecret,
  masksWakeups,
  oldQemu,
  qmpRefuses,
  sleepsOnlyOnce,
} from '../../fakes/faulty-qemu';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const asleep = { kind: 'asleep', uptimeMs: 1000 } as const;

describe('a guest that does as it is told', () => {
  it('sleeps and wakes, with the user as the cause and its clock set', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    expect(await world.set('nas', 'suspend')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'suspended', source: 'event', cause: 'user' });
    expect(await world.set('nas', 'wakeup')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'running', source: 'event', cause: 'user' });
    expect(world.texts('nas').slice(0, 5)).toEqual([
      expect.stringMatching(/^Clock set: it was \d+\.\d s behind\.$/),
      'Running',
      'Wake: asked through QEMU’s monitor (system_wakeup).',
      'Sleeping',
      'Sleep: asked through the guest agent (guest-suspend-ram).',
    ]);
    expect(world.notices).toEqual([]);
  });

  it('that was put to sleep by somebody else has its clock set when somebody else wakes it', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    world.qemu('nas').guest.suspend('ram');
    expect(await world.shows('nas', 'suspended')).toMatchObject({ cause: 'guest' });
    world.qemu('nas').guest.wakeByItself();
    expect(await world.shows('nas', 'running')).toMatchObject({ cause: 'unknown' });
    await world.until('its clock is set', () => world.texts('nas')[0]?.startsWith('Clock set'));
  });

  it('hibernates, and resumes when it is started', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    expect(await world.set('nas', 'hibernate')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'hibernated', source: 'event', cause: 'user' });
    await world.pass(5000);
    expect(world.guest('nas')).toMatchObject({
      machine: null,
      state: { name: 'hibernated', source: 'event' },
    });
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'running', cause: 'user' });
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.notices).toEqual([]);
  });

  it('that was restarted before it hibernated resumes all the same: its boot id is asked for anew', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    for (const action of ['reboot', 'reset'] as const) {
      expect(await world.set('nas', action)).toBeNull();
      await world.until('its agent', () => world.guest('nas').machine?.agent.status === 'answering');
    }
    await world.set('nas', 'hibernate');
    await world.set('nas', 'start');
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.notices).toEqual([]);
  });

  it('that was restarted and then hibernated by itself resumes all the same', async () => {
    const world = await createWorld([{ name: 'nas' }]);
    await world.ready('nas');
    await world.set('nas', 'reset');
    await world.ready('nas');
    world.qemu('nas').guest.suspend('disk');
    expect(await world.shows('nas', 'hibernated')).toMatchObject({ cause: 'guest' });
    await world.pass(3000);
    await world.set('nas', 'start');
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.notices).toEqual([]);
  });

  it('that was restarted without a word resumes all the same', async () => {
    const world = await createWorld([{ name: 'nas', faults: [keepsSecret('RESET')] }]);
    await world.ready('nas');
    const before = world.qemu('nas').guest.memory()?.bootId;
    world.qemu('nas').guest.shutdown('reboot');
    await world.until(
      'it is up again',
      () => ![before, undefined].includes(world.qemu('nas').guest.memory()?.bootId),
    );
    await world.pass(5000);
    await world.set('nas', 'hibernate');
    await world.set('nas', 'start');
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.notices).toEqual([]);
  });

  it('is paused and resumed at once, even when no event tells it', async () => {
    const world = await createWorld([{ name: 'nas', faults: [keepsSecret('STOP'), keepsSecret('RESUME')] }]);
    await world.ready('nas');
    const at = world.clock.monotonic();
    expect(await world.set('nas', 'pause')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'paused', source: 'query', cause: 'user' });
    expect(await world.set('nas', 'resume')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'running', source: 'query', cause: 'user' });
    expect(world.clock.monotonic() - at).toBeLessThan(500);
  });

  it('that stays as a QEMU without a guest (-no-shutdown) resumes, too', async () => {
    const world = await createWorld([{ name: 'nas', settings: { noShutdown: true } }]);
    await world.ready('nas');
    await world.set('nas', 'hibernate');
    expect(world.guest('nas')).toMatchObject({ state: { name: 'hibernated' }, machine: { exists: true } });
    expect(await world.set('nas', 'start')).toBeNull();
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.texts('nas')).toContain('It resumed where it was.');
    expect(world.launches).toEqual([]);
  });
});

describe('a sleep that comes to nothing', () => {
  it.each([
    ['pc-q35-7.2', 'A q35 guest can often sleep only once'],
    ['pc-i440fx-7.2', 'a driver may have refused'],
  ])('fails in time, with what may be the matter (%s)', async (machine, hint) => {
    const world = await createWorld([{ name: 'nas', settings: { machine }, faults: [sleepsOnlyOnce()] }]);
    await world.ready('nas');
    await world.set('nas', 'suspend');
    await world.set('nas', 'wakeup');
    expect(await world.set('nas', 'suspend', '8 h')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'running' });
    expect(world.notices).toEqual([
      {
        guestId: world.guest('nas').id,
        severity: 'error',
        title: 'nas did not fall asleep',
        message: expect.stringContaining('The guest accepted, but QEMU reported no SUSPEND event within 30 s. It is running now.') as unknown,
        remedy: expect.stringContaining(hint),
      },
    ]);
  });

  it('and an agent that is gone after it is shown as such', async () => {
    const world = await createWorld([
      {
        name: 'nas',
        // As a Linux guest without S3 that freezes: it accepts, and nothing answers any more.
        faults: [
          (before) => {
            let frozen = false;
            return {
              ...before,
              send(message, wire) {
                if (!frozen || message.channel !== 'agent') before.send(message, wire);
              },
              agent: {
                ...before.agent,
                'guest-suspend-ram': {
                  parameters: [],
                  successResponse: false,
                  run: () => ((frozen = true), { kind: 'none' }),
                },
              },
            };
          },
        ],
      },
    ]);
    await world.ready('nas');
    await world.set('nas', 'suspend');
    expect(world.guest('nas').machine?.agent).toEqual({ status: 'silent' });
  });

  it('that the agent refuses says so in its words', async () => {
    const world = await createWorld([
      { name: 'nas', faults: [agentRefuses('guest-suspend-disk', 'child process has failed to suspend')] },
    ]);
    await world.ready('nas');
    expect(await world.set('nas', 'hibernate', '1 h')).toBeNull();
    expect(world.guest('nas')).toMatchObject({
      state: { name: 'running' },
      remembered: { hibernating: false },
    });
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not hibernate',
        message: 'The guest refused: child process has failed to suspend',
        remedy: expect.stringContaining('swap'),
      },
    ]);
  });

  it('confirmed by a query alone is a sleep', async () => {
    const world = await createWorld([{ name: 'nas', faults: [keepsSecret('SUSPEND')] }]);
    await world.ready('nas');
    expect(await world.set('nas', 'suspend', '1 h')).toBeNull();
    expect(world.guest('nas').state).toMatchObject({ name: 'suspended', source: 'query', cause: 'user' });
    expect(world.alarm('nas')?.phase.kind).toBe('armed');
    expect(world.notices).toEqual([]);
  });

  it('that ends the guest instead says what it is now', async () => {
    const world = await createWorld([{ name: 'nas', faults: [agentIgnores('guest-suspend-ram')] }]);
    await world.ready('nas');
    const asked = world.ask('nas', 'suspend');
    await world.done(asked);
    await world.pass(1000);
    void world.qemu('nas').kill();
    await world.idle('nas', 5000);
    expect(world.notices).toMatchObject([
      { title: 'nas did not fall asleep', message: 'It did not fall asleep: it is crashed now.' },
    ]);
  });
});

describe('a sleep that is refused', () => {
  it.each([
    ['blocked in the agent', { faults: [agentBlocks('guest-suspend-ram')] }, 'agent-refused'],
    ['S3 off', { settings: { s3: false } }, 's3-disabled'],
    ['QEMU too old', { faults: [oldQemu()] }, 'qemu-too-old'],
    ['no agent channel', { settings: { agent: 'absent' as const } }, 'no-agent'],
    ['no agent', { settings: { agent: 'closed' as const } }, 'no-agent'],
    ['a silent agent', { settings: { agent: 'silent' as const } }, 'agent-silent'],
    ['asleep already', { initial: asleep }, 'wrong-state'],
  ])('leaves the guest and its alarm alone: %s', async (_, options, code) => {
    const commands: string[] = [];
    const world = await createWorld([
      {
        name: 'nas',
        ...options,
        faults: [
          ...('faults' in options ? options.faults : []),
          (before) => ({
            ...before,
            agent: Object.fromEntries(
              Object.entries(before.agent).map(([name, command]) => [
                name,
                { ...command, run: (target, args) => (commands.push(name), command.run(target, args)) },
              ]),
            ),
          }),
        ],
      },
    ]);
    await world.pass(5000);
    expect(await world.set('nas', 'suspend', '8 h')).toMatchObject({ code });
    await world.pass(60_000);
    expect(commands.filter((name) => name.startsWith('guest-suspend') || name === 'guest-shutdown')).toEqual(
      [],
    );
    expect(world.alarm('nas')).toBeUndefined();
    expect(world.notices).toEqual([]);
  });
});

describe('a wake that comes to nothing', () => {
  it('fails when no WAKEUP is seen, and the guest is shown as it is', async () => {
    const world = await createWorld([{ name: 'nas', initial: asleep, faults: [masksWakeups()] }]);
    await world.shows('nas', 'suspended');
    expect(await world.set('nas', 'wakeup')).toBeNull();
    expect(world.guest('nas').state.name).toBe('suspended');
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not wake properly',
        message: 'QEMU accepted the wake-up, but reported no WAKEUP event within 30 s. It is sleeping now.',
        remedy: expect.stringContaining('force it off'),
      },
    ]);
  });

  it('with an agent that stays silent is Running, and told', async () => {
    const world = await createWorld([{ name: 'nas', initial: asleep, faults: [agentDiesAtWakeup()] }]);
    await world.shows('nas', 'suspended');
    await world.set('nas', 'wakeup');
    expect(world.guest('nas').state).toMatchObject({ name: 'running', source: 'event' });
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not wake properly',
        message: expect.stringContaining('agent did not answer within 60 s'),
      },
    ]);
  });

  it('to a guest that falls asleep again says that, and soon', async () => {
    const world = await createWorld([{ name: 'nas', initial: asleep, faults: [agentDiesAtWakeup()] }]);
    await world.shows('nas', 'suspended');
    void world.ask('nas', 'wakeup');
    await world.shows('nas', 'running');
    await world.pass(2000);
    world.qemu('nas').guest.suspend('ram');
    await world.idle('nas', 6000);
    expect(world.guest('nas').state).toMatchObject({ name: 'suspended', cause: 'guest' });
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not wake properly',
        message: 'It woke, but is sleeping now.',
        remedy: expect.stringContaining('Wake it again'),
      },
    ]);
  });

  it('whose clock cannot be set is a wake', async () => {
    const world = await createWorld([
      { name: 'nas', initial: asleep, faults: [agentRefuses('guest-set-time', 'not allowed')] },
    ]);
    await world.shows('nas', 'suspended');
    await world.set('nas', 'wakeup');
    expect(world.notices).toEqual([]);
    expect(world.texts('nas')[0]).toMatch(/^The clock could not be set: .*not allowed/);
  });

  it('that QEMU refuses is told', async () => {
    const world = await createWorld([
      {
        name: 'nas',
        initial: asleep,
        faults: [qmpRefuses('system_wakeup', 'wake-up from suspend is not supported')],
      },
    ]);
    await world.shows('nas', 'suspended');
    await world.set('nas', 'wakeup');
    expect(world.notices).toMatchObject([
      { message: expect.stringContaining('wake-up from suspend is not supported') },
    ]);
  });
});

describe('a hibernated guest that boots cold', () => {
  it.each([false, true])('is told of, with what was lost (-no-shutdown: %s)', async (noShutdown) => {
    const world = await createWorld([{ name: 'nas', settings: { noShutdown }, faults: [bootsCold()] }]);
    await world.ready('nas');
    await world.set('nas', 'hibernate');
    await world.set('nas', 'start');
    expect(world.guest('nas').state.name).toBe('running');
    expect(world.notices).toMatchObject([
      {
        title: 'nas did not start properly',
        message: 'It booted anew instead of resuming: what it had in memory is lost.',
        remedy: expect.stringContaining('swap as large as its memory'),
      },
    ]);
  });

  it('without an agent is not known to', async () => {
    const world = await createWorld([{ name: 'nas', settings: { agent: 'absent' } }]);
    await world.shows('nas', 'running');
    world.qemu('nas').guest.suspend('disk');
    await world.shows('nas', 'hibernated');
    await world.pass(3000);
    await world.set('nas', 'start');
    expect(world.texts('nas')[0]).toBe('Whether it resumed or booted is not known: it has no agent.');
    expect(world.notices).toEqual([]);
  });
});
