import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actions, goalOf, isSleepAction, type Action, type Fix } from '../../../main/power/actions';
import { allRefusals, describeAgent, durationRefusal, refusalOf } from '../../../main/power/rules';
import type { AgentStatus, Control, SleepSupport, Standing } from '../../../main/power/standing';
import { isEnded, type PowerStateName } from '../../../main/power/states';

/** A guest that can do everything that its state allows. */
const able: Standing = {
  manager: 'qemu',
  state: 'running',
  exists: true,
  control: { status: 'ready' },
  agent: { status: 'answering', disabled: [] },
  sleep: { s3: true, s4: true, wakeup: true },
  mended: [],
  start: { kind: 'yes' },
};

const code = (action: Action, standing: Standing): string => refusalOf(action, standing)?.code ?? 'ok';

type Row = Readonly<Record<Action, string>>;
const everything = (answer: string): Row =>
  Object.fromEntries(actions.map((action) => [action, answer])) as Row;
const row = (can: readonly Action[], otherwise = 'wrong-state'): Row => ({
  ...everything(otherwise),
  save: otherwise === 'wrong-state' ? 'unsupported' : otherwise,
  discard: otherwise === 'wrong-state' ? 'unsupported' : otherwise,
  ...Object.fromEntries(can.map((action) => [action, 'ok'])),
});

describe('every action in every state', () => {
  const existing: readonly [PowerStateName, Row][] = [
    ['running', row(['suspend', 'hibernate', 'hybrid', 'pause', 'shutdown', 'reboot', 'poweroff', 'reset'])],
    ['suspended', row(['wakeup', 'poweroff'])],
    ['paused', row(['resume', 'poweroff', 'reset'])],
    ['crashed', row(['poweroff', 'reset'])],
    ['off', row(['poweroff', 'start'])],
    ['hibernated', row(['poweroff', 'start'])],
    ['saved', row(['poweroff'])],
    ['unknown', { ...row(['poweroff'], 'unknown-state'), save: 'unsupported', discard: 'unsupported' }],
  ];
  it.each(existing)('of a machine that is there: %s', (state, expected) => {
    const standing = { ...able, state };
    expect(Object.fromEntries(actions.map((action) => [action, code(action, standing)]))).toEqual(expected);
  });

  const gone: readonly [PowerStateName, Row][] = [
    ['off', row(['start'])],
    ['hibernated', row(['start'])],
    ['crashed', row(['start'])],
    ['saved', row(['start'])],
    ['unknown', { ...everything('unknown-state'), poweroff: 'no-control', save: 'unsupported', discard: 'unsupported' }],
  ];
  it.each(gone)('of a guest without a machine: %s', (state, expected) => {
    const standing: Standing = {
      ...able,
      state,
      exists: false,
      control: { status: 'connecting' },
      agent: { status: 'unknown' },
    };
    expect(Object.fromEntries(actions.map((action) => [action, code(action, standing)]))).toEqual(expected);
  });

  it('lists all of them', () => {
    const refusals = allRefusals(able);
    expect(Object.keys(refusals)).toEqual([...actions]);
    expect(refusals.suspend).toBeNull();
    expect(refusals.wakeup).toEqual(refusalOf('wakeup', able));
  });

  it('a guest that is not there as nobody has looked yet is not started a second time', () => {
    const unseen: Standing = {
      ...able,
      state: 'unknown',
      detail: 'Its host is being looked at.',
      exists: false,
      control: { status: 'connecting' },
    };
    expect(refusalOf('start', unseen)).toEqual({
      code: 'unknown-state',
      message: 'Its host is being looked at.',
      remedy: expect.stringContaining('looks again'),
    });
  });

  it('only an ended guest without a start command cannot be started', () => {
    const start: Standing['start'] = {
      kind: 'no',
      reason: 'How it is started is not known.',
      remedy: 'Start it yourself.',
    };
    const off: Standing = { ...able, state: 'off', exists: false, start };
    expect(refusalOf('start', off)).toEqual({
      code: 'no-start-command',
      message: 'How it is started is not known.',
      remedy: 'Start it yourself.',
    });
    // A QEMU that stayed (-no-shutdown) is reset: no command is needed.
    expect(refusalOf('start', { ...off, exists: true })).toBeNull();
  });

  it('names what would be lost by the wrong action on a sleeping guest', () => {
    const asleep = { ...able, state: 'suspended' as const };
    expect(refusalOf('pause', asleep)?.message).toContain('no longer be woken');
    expect(refusalOf('shutdown', asleep)?.message).toContain('power button would be lost');
    expect(refusalOf('reset', asleep)?.message).toContain('leave it stopped');
    expect(refusalOf('wakeup', able)?.message).toBe('It is not sleeping: it is running.');
    expect(refusalOf('wakeup', { ...able, state: 'hibernated' })?.remedy).toContain('Start');
  });
});

describe('the monitor', () => {
  const unavailable: Control = {
    status: 'unavailable',
    reason: 'Another program holds it.',
    remedy: 'End that program.',
  };

  it.each(actions.filter((action) => action !== 'save' && action !== 'discard'))('is needed for %s', (action) => {
    const states: PowerStateName[] = ['running', 'suspended', 'paused', 'off', 'hibernated', 'unknown'];
    for (const state of states) {
      expect(refusalOf(action, { ...able, state, control: unavailable })).toEqual({
        code: 'no-control',
        message: 'Another program holds it.',
        remedy: 'End that program.',
      });
      expect(refusalOf(action, { ...able, state, control: { status: 'connecting' } })).toMatchObject({
        code: 'no-control',
      });
    }
  });
});

describe('what a sleep needs', () => {
  const machine: readonly [
    string,
    SleepSupport | null,
    Record<'suspend' | 'hibernate' | 'hybrid', string>,
  ][] = [
    [
      'everything there',
      { s3: true, s4: true, wakeup: true },
      { suspend: 'ok', hibernate: 'ok', hybrid: 'ok' },
    ],
    [
      'S3 off',
      { s3: false, s4: true, wakeup: true },
      { suspend: 's3-disabled', hibernate: 'ok', hybrid: 's3-disabled' },
    ],
    [
      'S4 off',
      { s3: true, s4: false, wakeup: true },
      { suspend: 'ok', hibernate: 's4-disabled', hybrid: 's4-disabled' },
    ],
    [
      'both off',
      { s3: false, s4: false, wakeup: true },
      { suspend: 's3-disabled', hibernate: 's4-disabled', hybrid: 's3-disabled' },
    ],
    ['no wake-up', { wakeup: false }, { suspend: 'cannot-wake', hibernate: 'ok', hybrid: 'cannot-wake' }],
    [
      'too old',
      { tooOld: '3.1.0', s3: true, s4: true },
      { suspend: 'qemu-too-old', hibernate: 'ok', hybrid: 'qemu-too-old' },
    ],
    ['nothing of S3 and S4 told', { wakeup: true }, { suspend: 'ok', hibernate: 'ok', hybrid: 'ok' }],
    [
      'not asked yet',
      null,
      { suspend: 'unknown-state', hibernate: 'unknown-state', hybrid: 'unknown-state' },
    ],
  ];
  it.each(machine)('of the machine: %s', (_, sleep, expected) => {
    const standing = { ...able, sleep };
    for (const action of ['suspend', 'hibernate', 'hybrid'] as const)
      expect([action, code(action, standing)]).toEqual([action, expected[action]]);
  });

  const agents: readonly [AgentStatus, string][] = [
    [{ status: 'unknown' }, 'agent-silent'],
    [{ status: 'absent' }, 'no-agent'],
    [{ status: 'closed' }, 'no-agent'],
    [{ status: 'unreachable', reason: 'No permission.', remedy: 'Get it.' }, 'no-agent'],
    [{ status: 'silent' }, 'agent-silent'],
    [{ status: 'answering', disabled: [] }, 'ok'],
    [{ status: 'answering', disabled: ['guest-exec'] }, 'ok'],
    [
      { status: 'answering', disabled: ['guest-suspend-ram', 'guest-suspend-disk', 'guest-suspend-hybrid'] },
      'agent-refused',
    ],
  ];
  it.each(agents)('of the agent: %j', (agent, expected) => {
    for (const action of ['suspend', 'hibernate', 'hybrid'] as const)
      expect([action, code(action, { ...able, agent })]).toEqual([action, expected]);
  });

  it('each command that the agent blocks counts for its own sleep', () => {
    const agent: AgentStatus = { status: 'answering', disabled: ['guest-suspend-disk'] };
    expect(code('suspend', { ...able, agent })).toBe('ok');
    expect(refusalOf('hibernate', { ...able, agent })?.message).toContain('guest-suspend-disk');
  });

  it('what the machine lacks is told before what the agent lacks', () => {
    expect(code('suspend', { ...able, sleep: { s3: false }, agent: { status: 'absent' } })).toBe(
      's3-disabled',
    );
  });
});

describe('a restart', () => {
  it.each<[AgentStatus, string]>([
    [{ status: 'answering', disabled: [] }, 'ok'],
    [{ status: 'answering', disabled: ['guest-shutdown'] }, 'agent-refused'],
    [{ status: 'silent' }, 'no-agent'],
    [{ status: 'absent' }, 'no-agent'],
    [{ status: 'unknown' }, 'no-agent'],
  ])('asks the agent: %j', (agent, expected) => {
    expect(code('reboot', { ...able, agent })).toBe(expected);
    expect(refusalOf('reboot', { ...able, agent })?.remedy ?? 'Reset').toContain('Reset');
  });
});

describe('a duration', () => {
  it.each(actions)('goes only with a sleep: %s', (action) => {
    const refusal = durationRefusal(action);
    if (isSleepAction(action)) expect(refusal).toBeNull();
    else
      expect(refusal).toMatchObject({
        code: 'duration-not-allowed',
        remedy: expect.stringContaining('Sleep'),
      });
  });

  it('with a wake says why', () => {
    expect(durationRefusal('wakeup')?.message).toBe('Wake takes no duration: a guest is woken at once.');
  });
});

describe('any guest whatever', () => {
  const sentence = fc.string({ minLength: 1 });
  const control: fc.Arbitrary<Control> = fc.oneof(
    fc.constant<Control>({ status: 'ready' }),
    fc.constant<Control>({ status: 'connecting' }),
    fc.record({ status: fc.constant('unavailable' as const), reason: sentence, remedy: sentence }),
  );
  const agent: fc.Arbitrary<AgentStatus> = fc.oneof(
    fc.constantFrom<AgentStatus>(
      { status: 'unknown' },
      { status: 'absent' },
      { status: 'closed' },
      { status: 'silent' },
    ),
    fc.record({ status: fc.constant('unreachable' as const), reason: sentence, remedy: sentence }),
    fc.record({
      status: fc.constant('answering' as const),
      disabled: fc.subarray([
        'guest-suspend-ram',
        'guest-suspend-disk',
        'guest-suspend-hybrid',
        'guest-shutdown',
        'guest-exec',
      ]),
    }),
  );
  const sleep = fc.option(
    fc.record(
      { s3: fc.boolean(), s4: fc.boolean(), wakeup: fc.boolean(), tooOld: sentence },
      { requiredKeys: [] },
    ),
  ) as fc.Arbitrary<SleepSupport | null>;
  const standing: fc.Arbitrary<Standing> = fc.record({
    manager: fc.constantFrom('qemu', 'libvirt'),
    state: fc.constantFrom<PowerStateName>(
      'running',
      'suspended',
      'hibernated',
      'paused',
      'saved',
      'off',
      'crashed',
      'unknown',
    ),
    detail: fc.option(sentence, { nil: undefined }),
    exists: fc.boolean(),
    control,
    agent,
    sleep,
    mended: fc.subarray<Fix>(['enable-sleep', 'add-agent-channel']),
    start: fc.oneof(
      fc.constant<Standing['start']>({ kind: 'yes' }),
      fc.record({ kind: fc.constant('no' as const), reason: sentence, remedy: sentence }),
    ),
  });
  const anyAction = fc.constantFrom(...actions);

  it('is judged without a throw, and every refusal but a trivial one has a remedy', () => {
    fc.assert(
      fc.property(anyAction, standing, (action, given) => {
        const refusal = refusalOf(action, given);
        if (!refusal) return;
        expect(refusal.message).not.toBe('');
        const isThere = refusal.code === 'wrong-state' && goalOf[action] === given.state;
        if (!isThere)
          expect([action, given.state, refusal.remedy]).toEqual([
            action,
            given.state,
            expect.stringMatching(/./s),
          ]);
      }),
      { numRuns: 3000 },
    );
  });

  it('is put to sleep only when it runs, S3 or S4 is not off, it can be woken, and its agent answers', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('suspend' as const, 'hibernate' as const, 'hybrid' as const),
        standing,
        (action, given) => {
          if (refusalOf(action, given)) return;
          expect(given).toMatchObject({
            state: 'running',
            exists: true,
            control: { status: 'ready' },
            agent: { status: 'answering' },
          });
          expect(given.sleep).not.toBeNull();
          if (action !== 'hibernate') {
            expect(given.sleep?.s3).not.toBe(false);
            expect(given.sleep?.wakeup).not.toBe(false);
          }
          // libvirt asks for S3 only before a hybrid sleep.
          if (action === 'hibernate' || (action === 'hybrid' && given.manager === 'qemu')) expect(given.sleep?.s4).not.toBe(false);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is touched only through a monitor that is ready, and started only when it is known to have ended', () => {
    fc.assert(
      fc.property(anyAction, standing, (action, given) => {
        if (refusalOf(action, given)) return;
        if (given.exists || given.manager === 'libvirt') expect(given.control.status).toBe('ready');
        if (given.exists) return;
        expect(given.manager === 'libvirt' ? ['start', 'discard'] : ['start']).toContain(action);
        expect(isEnded(given.state)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('has an agent that can be described', () => {
    fc.assert(
      fc.property(standing, ({ agent: status, state }) => {
        expect(describeAgent({ manager: 'qemu', mended: [], agent: status, state })).toMatch(/./s);
      }),
    );
  });
});

describe('the agent in words', () => {
  it('says why nothing is known of it', () => {
    expect(describeAgent({ manager: 'qemu', mended: [], agent: { status: 'unknown' }, state: 'running' })).toBe('Being asked.');
    expect(describeAgent({ manager: 'qemu', mended: [], agent: { status: 'unknown' }, state: 'suspended' })).toBe('Not asked: the guest is sleeping.');
    expect(describeAgent({ manager: 'qemu', mended: [], agent: { status: 'answering', disabled: [] }, state: 'running' })).toBe('Answers.');
    expect(describeAgent({ manager: 'qemu', mended: [], agent: { status: 'silent' }, state: 'running' })).toBe('The guest agent does not answer.');
  });
});

describe('a sleep that is switched off', () => {
  it.each(['s3', 's4'] as const)('is switched on where the guest is defined (%s)', (state) => {
    const action = state === 's3' ? 'suspend' : 'hibernate';
    const off = { ...able, sleep: { s3: true, s4: true, wakeup: true, [state]: false } };
    expect(refusalOf(action, off)?.remedy).toContain(`-global PIIX4_PM.disable_${state}=0`);
    expect(refusalOf(action, { ...off, vmid: 101 })?.remedy).toContain(`qm set 101 --machine TYPE,enable-${state}=1`);
  });
});
