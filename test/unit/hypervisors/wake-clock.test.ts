import { describe, expect, it } from 'vitest';
import { wakeClockBy } from '../../../main/hypervisors/wake-clock';
import type { AgentStatus } from '../../../main/power/standing';
import type { AgentCalls } from '../../../main/protocols/guest-agent/client';
import { AgentError } from '../../../main/protocols/guest-agent/errors';
import { fakeClock } from '../../fakes/clock';

const WAKE_ALARM = '/sys/class/rtc/rtc0/wakealarm';

/** A guest's files behind its agent; `refuses` names the commands that it refuses, `keeps` whether its clock keeps what it is told. */
function guest({ refuses = [] as string[], os = 'debian', keeps = true, hasAlarm = true, disabled = [] as string[] } = {}) {
  const clock = fakeClock();
  let alarm = 0;
  const rtc = () => Math.floor(clock.now() / 1000) + 7200;
  const asked: string[] = [];
  const write = (text: string) => {
    if (text === '0') alarm = 0;
    else if (alarm !== 0) throw refusal('guest-file-close', 'Device or resource busy');
    else if (keeps) alarm = rtc() + Number(text.slice(1));
  };
  const read = (path: string) => (path === WAKE_ALARM ? (alarm === 0 ? '' : `${alarm}\n`) : `${rtc()}\n`);
  const refusal = (command: string, desc: string) => new AgentError({ kind: 'command', command, errorClass: 'GenericError', desc });
  const open = new Map<number, { path: string; text: string; writes: boolean }>();
  interface Args {
    readonly path: string;
    readonly mode: string;
    readonly handle: number;
    readonly 'buf-b64': string;
    readonly arg: readonly string[];
  }
  const answers: Record<string, (args: Args) => unknown> = {
    'guest-get-osinfo': () => ({ id: os }),
    'guest-get-users': () => [
      { user: 'ada', 'login-time': 1 },
      { user: 'ada', 'login-time': 2 },
    ],
    'guest-file-open': ({ path, mode }) => {
      if (!hasAlarm) throw refusal('guest-file-open', `failed to open file '${path}' (mode: '${mode}'): No such file or directory`);
      return (open.set(open.size + 1, { path, text: '', writes: mode === 'w' }), open.size);
    },
    'guest-file-read': ({ handle }) => {
      const bytes = Buffer.from(read(open.get(handle)?.path ?? ''));
      return { count: bytes.length, 'buf-b64': bytes.toString('base64'), eof: true };
    },
    'guest-file-write': (args) => {
      const file = open.get(args.handle);
      if (file) file.text = Buffer.from(args['buf-b64'], 'base64').toString();
      return { count: 1, eof: false };
    },
    'guest-file-close': ({ handle }) => {
      const file = open.get(handle);
      if (file?.writes) write(file.text);
      return {};
    },
    'guest-exec': ({ arg }) => {
      const [, script, , path, text] = arg;
      if (text !== undefined) write(text);
      lastOutput = script?.startsWith('cat') ? read(path ?? '') : '';
      return { pid: 7 };
    },
    'guest-exec-status': () => ({ exited: true, exitcode: hasAlarm ? 0 : 1, 'out-data': Buffer.from(lastOutput).toString('base64') }),
  };
  let lastOutput = '';
  const agent: AgentCalls = {
    call: async (command, ...[args]) => {
      asked.push(command);
      if (refuses.includes(command)) throw refusal(command, 'Permission denied');
      const answer = answers[command];
      if (!answer) throw refusal(command, 'no such command');
      return answer((args ?? {}) as unknown as Args) as never;
    },
  };
  const status: AgentStatus = { status: 'answering', disabled };
  return { clock, asked, alarm: () => alarm, rtc, machine: wakeClockBy({ talk: (work) => work(agent), status: () => status, clock }) };
}

describe('a guest’s own clock', () => {
  it('is set by its files, in the place of what it was to do, and read back', async () => {
    const { machine, clock, alarm, rtc } = guest();
    expect(await machine.wakeClock()).toEqual({ value: 'rtc' });
    expect(await machine.setWakeAlarm(60)).toEqual({ at: clock.now() + 60_000 });
    expect(await machine.setWakeAlarm(30)).toEqual({ at: clock.now() + 30_000 });
    expect(alarm()).toBe(rtc() + 30);
    await machine.clearWakeAlarm();
    expect(alarm()).toBe(0);
  });

  it.each([[{ disabled: ['guest-file-open'] }], [{ refuses: ['guest-file-open'] }]])(
    'is set by a program where files may not be opened: %j',
    async (given) => {
      const { machine, clock, asked } = guest(given);
      expect(await machine.wakeClock()).toEqual({ value: 'rtc' });
      expect(await machine.setWakeAlarm(60)).toEqual({ at: clock.now() + 60_000 });
      expect(asked).toContain('guest-exec');
    },
  );

  it('that does not keep what it is told is no holder', async () => {
    await expect(guest({ keeps: false }).machine.setWakeAlarm(60)).rejects.toThrow(/did not keep the alarm/);
  });

  it.each<[Parameters<typeof guest>[0], RegExp]>([
    [{ os: 'mswindows' }, /Windows guests are not supported/],
    [{ disabled: ['guest-file-open', 'guest-exec'] }, /not allowed to write files or to run programs/],
    [{ refuses: ['guest-file-open', 'guest-exec'] }, /^Its guest agent may not reach the alarm of its clock \(\/sys\/class\/rtc\/rtc0\/wakealarm\)\.$/],
    [{ hasAlarm: false }, /^It has no clock that can be set to wake it \(\/sys\/class\/rtc\/rtc0\/wakealarm\)\.$/],
  ])('is missing with the reason: %j', async (given, reason) => {
    expect(await guest(given).machine.wakeClock()).toMatchObject({ missing: expect.stringMatching(reason) as unknown });
  });
});

describe('who is signed in', () => {
  it('is told once each, or why it is not known', async () => {
    expect(await guest().machine.signedInUsers()).toEqual({ value: ['ada'] });
    expect(await guest({ refuses: ['guest-get-users'] }).machine.signedInUsers()).toMatchObject({ missing: expect.stringContaining('refused') as unknown });
  });
});
