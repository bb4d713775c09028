import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Handlers } from '../../../main/commands/handlers';
import { createDispatch } from '../../../main/ipc/dispatch';
import { RefusedError } from '../../../main/power/actions';
import { commandNames } from '../../../preload/contract/api';
import { commands, Refusal, type CommandName } from '../../../preload/contract/commands';

const names = Object.keys(commands) as CommandName[];

/** Handlers that note what they are called with. */
function createBench(handle: (name: CommandName, args: unknown) => unknown = () => ({})) {
  const calls: [CommandName, unknown][] = [];
  const faults: unknown[] = [];
  const handlers = Object.fromEntries(
    names.map((name) => [name, (args: unknown) => (calls.push([name, args]), handle(name, args))]),
  ) as unknown as Handlers;
  return { calls, faults, dispatch: createDispatch(handlers, (error) => faults.push(error)) };
}

const draft = {
  name: '',
  target: { kind: 'guests', guestIds: ['g'] },
  action: 'suspend',
  rule: { kind: 'weekly', days: [1], sleepAt: '23:30', wakeAt: '07:00' },
  timeZone: 'Europe/Berlin',
  missed: 'ask',
  conditions: { nobodySignedIn: false, cpuBelowPercent: null, graceSeconds: 0 },
  holder: 'auto',
};

/** Arguments that each command takes. */
const good: Record<CommandName, unknown> = {
  getSnapshot: {},
  setPowerState: { guestId: 'g', action: 'suspend', for: '8 h', startAccepted: true },
  refreshGuest: { guestId: 'g' },
  readWhen: { text: '8 h' },
  moveAlarm: { alarmId: 'a', to: '+30 min' },
  cancelAlarm: { alarmId: 'a' },
  guestFacts: { guestId: 'g' },
  guestStats: { guestId: 'g' },
  readUse: { guestId: 'g' },
  guestScreen: { guestId: 'g' },
  guestHistory: { guestId: 'g' },
  readMending: { guestId: 'g', fix: 'enable-sleep' },
  applyMending: { mendingId: 'm' },
  addGuest: { name: 'n', qmp: '/q', agent: '', command: '', workingDirectory: '' },
  removeGuest: { guestId: 'g' },
  dismissNotice: { noticeId: 'n' },
  listSshHosts: {},
  testHost: { address: 'me@nas' },
  endTest: { testId: 't' },
  addHost: { address: 'ssh://me@nas:2222', name: '' },
  editHost: { hostId: 'h', address: 'nas', name: 'n' },
  setHostEnabled: { hostId: 'h', enabled: false },
  removeHost: { hostId: 'h' },
  offerHolders: { guestId: 'g', action: 'suspend' },
  setPowerStates: { target: { kind: 'host', hostId: 'h' }, action: 'wakeup' },
  cancelRun: { runId: 'r' },
  dismissRun: { runId: 'r' },
  saveGroup: { groupId: null, draft: { name: 'n', members: [{ guestId: 'g', delaySeconds: 2 }] } },
  removeGroup: { groupId: 'g' },
  readSchedule: { draft },
  saveSchedule: { scheduleId: null, draft },
  removeSchedule: { scheduleId: 's' },
  pauseSchedule: { scheduleId: 's', paused: true },
  skipNext: { scheduleId: 's', skip: true },
  answerMissed: { scheduleId: 's', answer: 'now' },
  endGrace: { graceId: 'g', how: 'cancel' },
  sleepHost: { hostId: 'h', for: '8 h', guests: 'leave' },
  wakeHost: { hostId: 'h' },
  changeSettings: { startAtLogin: true },
  lookForUpdate: {},
  installUpdate: {},
  readTimeline: { ids: [], from: 0, to: 1 },
  exportHistory: { ids: ['g'], format: 'csv' },
  answerQuit: { promptId: 'q', answer: 'stay' },
  connectHost: { hostId: 'h' },
  answerHostKey: { promptId: 'p', answer: 'once' },
  answerSecret: { promptId: 'p', answers: ['', '123456'], keep: false },
  openDemo: {},
  closeDemo: {},
};

const noError: unknown = 'just text';

const isRefusal = z.object({ ok: z.literal(false), refusal: Refusal });

describe('a call', () => {
  it.each(names)('of %s reaches its handler with checked arguments', async (name) => {
    const { dispatch, calls } = createBench(() => ({ did: name }));
    expect(await dispatch(name, good[name])).toEqual({ ok: true, value: { did: name } });
    expect(calls).toEqual([[name, good[name]]]);
  });

  it('carries nothing that its command does not know', async () => {
    const { dispatch, calls } = createBench();
    await dispatch('cancelAlarm', { alarmId: 'a', shell: 'rm', constructor: 1 });
    expect(calls).toEqual([['cancelAlarm', { alarmId: 'a' }]]);
  });

  it('is known to the preload by the same names', () => {
    expect([...commandNames].sort()).toEqual([...names].sort());
  });
});

describe('a bad call', () => {
  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '',
    'getsnapshot',
    'getSnapshot ',
    'nothing',
    undefined,
    null,
    0,
    1n,
    true,
    {},
    [],
    ['getSnapshot'],
    Symbol('getSnapshot'),
    () => 'getSnapshot',
    { toString: () => 'getSnapshot' },
  ])('by the name %o reaches nobody', async (name) => {
    const { dispatch, calls, faults } = createBench();
    const result = await dispatch(name, {});
    expect(result).toMatchObject({ ok: false, refusal: { code: 'bad-call' } });
    isRefusal.parse(result);
    expect([calls, faults]).toEqual([[], []]);
  });

  it('by any name that is none reaches nobody', async () => {
    const { dispatch, calls } = createBench();
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (name, args) => {
        fc.pre(!names.some((one) => one === name));
        isRefusal.parse(await dispatch(name, args));
      }),
    );
    expect(calls).toEqual([]);
  });

  it.each(names)(
    'of %s with any arguments whatever never rejects, and only what fits reaches the handler',
    async (name) => {
      const { dispatch, calls, faults } = createBench();
      const shape = commands[name].args;
      const nearly = fc.record(
        {
          guestId: fc.oneof(fc.string(), fc.anything()),
          action: fc.oneof(fc.constantFrom('suspend', 'wakeup', '__proto__'), fc.anything()),
          for: fc.anything(),
          alarmId: fc.oneof(fc.string(), fc.anything()),
          to: fc.anything(),
          text: fc.anything(),
          noticeId: fc.anything(),
          address: fc.oneof(fc.string(), fc.anything()),
          name: fc.oneof(fc.string(), fc.anything()),
          hostId: fc.oneof(fc.string(), fc.anything()),
          enabled: fc.oneof(fc.boolean(), fc.anything()),
          promptId: fc.oneof(fc.string(), fc.anything()),
          answer: fc.oneof(fc.constantFrom('once', 'save', 'refuse'), fc.anything()),
          answers: fc.oneof(fc.array(fc.string()), fc.anything()),
          keep: fc.oneof(fc.boolean(), fc.anything()),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.anything(), nearly), async (args) => {
          calls.length = 0;
          const result = await dispatch(name, args);
          const fits = shape.safeParse(args);
          expect(calls.length).toBe(fits.success ? 1 : 0);
          if (fits.success) expect(calls[0]).toEqual([name, fits.data]);
          else expect(isRefusal.parse(result).refusal.code).toBe('bad-call');
        }),
        { numRuns: 200 },
      );
      expect(faults).toEqual([]);
    },
  );

  it.each([
    ['setPowerState', { guestId: 'g', action: 'explode' }, 'action'],
    ['setPowerState', { guestId: '', action: 'suspend' }, 'guestId'],
    ['setPowerState', { guestId: 'x'.repeat(201), action: 'suspend' }, 'guestId'],
    ['readWhen', { text: 'x'.repeat(2001) }, 'text'],
    ['addGuest', { name: 'n' }, 'qmp'],
    ['addHost', { address: 'x'.repeat(2001), name: '' }, 'address'],
    ['answerHostKey', { promptId: 'p', answer: 'always' }, 'answer'],
    ['answerSecret', { promptId: 'p', answers: Array.from({ length: 21 }, () => ''), keep: false }, 'answers'],
  ])('of %s names the argument that is wrong', async (name, args, field) => {
    const { dispatch } = createBench();
    const result = isRefusal.parse(await dispatch(name, args));
    expect(result.refusal.message).toContain(`${name}: ${field}`);
  });
});

describe('what a handler throws', () => {
  it('as a refusal is the result, with its remedy', async () => {
    const refusal = { code: 'no-agent', message: 'No agent.', remedy: 'Install one.' } as const;
    const { dispatch, faults } = createBench(() => Promise.reject(new RefusedError(refusal)));
    expect(await dispatch('getSnapshot', {})).toEqual({ ok: false, refusal });
    expect(faults).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['an error later', () => Promise.reject(new TypeError('x is undefined')), 'x is undefined'],
    [
      'an error at once',
      () => {
        throw new TypeError('x is undefined');
      },
      'x is undefined',
    ],
    ['what is no error', () => Promise.reject(noError), 'just text'],
  ])('by fault (%s) is told as such, and to the log', async (_, handle, text) => {
    const { dispatch, faults } = createBench(handle);
    const result = isRefusal.parse(await dispatch('refreshGuest', { guestId: 'g' }));
    expect(result.refusal).toMatchObject({
      code: 'fault',
      message: expect.stringContaining(text),
      remedy: expect.any(String),
    });
    expect(faults).toHaveLength(1);
  });

  it('does not end the next call', async () => {
    const handle = vi.fn().mockRejectedValueOnce(new Error('once')).mockResolvedValue({});
    const { dispatch } = createBench(handle);
    expect(await dispatch('openDemo', {})).toMatchObject({ ok: false });
    expect(await dispatch('openDemo', {})).toMatchObject({ ok: true });
  });
});
