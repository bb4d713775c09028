import { describe, expect, it } from 'vitest';
import { byNobodyKnown } from '../../../main/power/actor';
import { clockStepped, restored } from '../../../main/power/alarm-clock';
import {
  extend,
  fireResult,
  guestObserved,
  isDue,
  LATE_AFTER_MS,
  MAX_CONFIRM_MS,
  moved,
  newAlarm,
  nextLook,
  reachedAgain,
  sleepConfirmed,
  sleepFailed,
  startFiring,
  type Alarm,
  type AlarmPhase,
  type Step,
  type WakeOutcome,
} from '../../../main/power/alarms';
import type { PowerStateName } from '../../../main/power/states';

const T = Date.UTC(2026, 10, 22, 12);
const H = 3_600_000;
const request = {
  id: 'a',
  guestId: 'g',
  holder: 'app',
  action: 'suspend',
  due: T + 8 * H,
  basis: 'duration',
} as const;
const pending = newAlarm({ ...request, confirmWithin: 30_000 }, T);
const armed = sleepConfirmed(pending, T);
const firing = startFiring(armed, armed.due);
const retrying = kept(fireResult(firing, { kind: 'unreachable', reason: 'no link' }, armed.due));
const retryingSent = kept(fireResult(firing, { kind: 'failed', reason: 'sleeps on' }, armed.due));

function kept(step: Step): Alarm {
  if (step.kind === 'ended') throw new Error(`ended: ${JSON.stringify(step.ending)}`);
  return step.alarm;
}
const inPhase = (phase: AlarmPhase, rest: Partial<Alarm> = {}): Alarm => ({ ...armed, ...rest, phase });

describe('a new alarm', () => {
  it('is pending until its sleep is seen', () => {
    expect(pending.phase).toEqual({ kind: 'pending', confirmBy: T + 30_000 });
    expect(armed).toEqual({ ...pending, phase: { kind: 'armed' } });
    expect(sleepConfirmed(armed, T)).toBe(armed);
    expect(sleepConfirmed(firing, T)).toBe(firing);
  });

  it.each([T, T + 999, T + 365 * 24 * H + 1, NaN, Infinity])('is refused for %d', (due) => {
    expect(() => newAlarm({ ...request, due, confirmWithin: 0 }, T)).toThrow(RangeError);
  });

  it.each([-1, NaN, MAX_CONFIRM_MS + 1])('is refused with a confirmation within %d ms', (confirmWithin) => {
    expect(() => newAlarm({ ...request, confirmWithin }, T)).toThrow(RangeError);
  });

  it('ends when the sleep failed, unless the guest was seen asleep', () => {
    expect(sleepFailed(pending)).toEqual({
      kind: 'ended',
      ending: { kind: 'cancelled', why: 'sleep-failed', by: byNobodyKnown },
    });
    expect(sleepFailed(armed)).toEqual({ kind: 'goes-on', alarm: armed });
  });
});

describe('moving an alarm', () => {
  it('by a time, sooner or later', () => {
    expect(extend(armed, { kind: 'by', ms: H }, T)).toEqual({
      ok: true,
      alarm: { ...armed, due: T + 9 * H },
    });
    expect(extend(armed, { kind: 'by', ms: -H }, T)).toEqual({
      ok: true,
      alarm: { ...armed, due: T + 7 * H },
    });
    expect(extend(pending, { kind: 'by', ms: H }, T)).toMatchObject({ alarm: { phase: pending.phase } });
  });

  it('to an instant', () => {
    const change = { kind: 'to', due: T + 2 * H, basis: 'instant' } as const;
    expect(extend(armed, change, T)).toEqual({
      ok: true,
      alarm: { ...armed, due: T + 2 * H, basis: 'instant' },
    });
  });

  it('counts from now when it is late, and starts anew', () => {
    const now = armed.due + 60_000;
    const expected = { ...armed, due: now + H };
    expect(extend(retrying, { kind: 'by', ms: H }, now)).toEqual({ ok: true, alarm: expected });
  });

  it('is refused while the guest is being woken', () => {
    const refusal = { ok: false, message: expect.stringContaining('being woken right now') as string };
    expect(extend(firing, { kind: 'by', ms: H }, T)).toEqual(refusal);
    expect(moved(firing, { due: T, basis: 'instant' })).toBe(firing);
  });

  it.each([-8 * H, -9 * H, 365 * 24 * H, NaN])('is refused by %d ms', (ms) => {
    expect(extend(armed, { kind: 'by', ms }, T)).toMatchObject({ ok: false });
  });
});

describe('when an alarm is looked at', () => {
  it('is its due instant, and no ms sooner', () => {
    expect(nextLook(armed, false)).toBe(armed.due);
    expect(isDue(armed, armed.due - 1)).toBe(false);
    expect(isDue(armed, armed.due)).toBe(true);
  });

  it('waits for the confirmation of a sleep that is shorter than its confirmation takes', () => {
    const short = newAlarm({ ...request, due: T + 1_000, confirmWithin: 30_000 }, T);
    expect(isDue(short, T + 29_999)).toBe(false);
    expect(isDue(sleepConfirmed(short, T), T + 1_000)).toBe(true);
    expect(isDue(short, T + 30_000)).toBe(true);
  });

  it('is the end of the confirmation for a guest that is awake', () => {
    expect(nextLook(pending, true)).toBe(T + 30_000);
    expect(nextLook(pending, false)).toBe(pending.due);
  });

  it('is never during a wake, and not before the next try after one', () => {
    expect(isDue(firing, armed.due + 1e12)).toBe(false);
    expect(isDue(retrying, armed.due + 4_999)).toBe(false);
    expect(isDue(retrying, armed.due + 5_000)).toBe(true);
  });
});

describe('a wake', () => {
  it.each<[WakeOutcome, Step]>([
    [{ kind: 'woken' }, { kind: 'ended', ending: { kind: 'woken', by: 'app', late: 70, at: armed.due + 70 } }],
    [{ kind: 'already-awake' }, { kind: 'ended', ending: { kind: 'ended-early', by: 'unknown' } }],
    [
      { kind: 'gone', reason: 'off' },
      { kind: 'ended', ending: { kind: 'failed', reason: 'off' } },
    ],
  ])('%j', (outcome, step) => {
    expect(fireResult(firing, outcome, armed.due + 70)).toEqual(step);
  });

  it('of a guest that cannot be reached is tried for ever, after 5, 10, 30, 60, 60 ... s', () => {
    let alarm = armed;
    const waits: number[] = [];
    let now = armed.due;
    for (let n = 0; n < 500; n += 1) {
      alarm = kept(fireResult(startFiring(alarm, now), { kind: 'unreachable', reason: `no link ${n}` }, now));
      expect(alarm).toMatchObject({
        lateFrom: armed.due,
        phase: { kind: 'retrying', attempts: n + 1, reason: `no link ${n}` },
      });
      waits.push((nextLook(alarm, false) - now) / 1_000);
      now = nextLook(alarm, false);
    }
    expect(waits.slice(0, 6)).toEqual([5, 10, 30, 60, 60, 60]);
    expect(Math.max(...waits)).toBe(60);
  });

  it('that a guest sleeps through is tried three times in all, however often it could not be reached', () => {
    let alarm = armed;
    for (const kind of ['failed', 'unreachable', 'unreachable', 'failed', 'unreachable'] as const) {
      alarm = kept(fireResult(startFiring(alarm, armed.due), { kind, reason: kind }, armed.due));
    }
    expect(fireResult(startFiring(alarm, armed.due), { kind: 'failed', reason: 'deaf' }, armed.due)).toEqual({
      kind: 'ended',
      ending: { kind: 'failed', reason: 'deaf' },
    });
  });

  it('is what woke a guest that is found awake after a failed or cut-off try', () => {
    const awake = { kind: 'already-awake' } as const;
    const later = armed.due + 9_000;
    expect(fireResult(startFiring(retryingSent, later), awake, later)).toMatchObject({
      ending: { kind: 'woken', late: 9_000 },
    });
    expect(fireResult(startFiring(restored(firing, later), later), awake, later)).toMatchObject({
      ending: { kind: 'woken' },
    });
    expect(fireResult(startFiring(retrying, later), awake, later)).toMatchObject({
      ending: { kind: 'ended-early' },
    });
  });

  it('is late when it begins late', () => {
    expect(startFiring(armed, armed.due + LATE_AFTER_MS)).not.toHaveProperty('lateFrom');
    expect(startFiring(armed, armed.due + LATE_AFTER_MS + 1)).toMatchObject({ lateFrom: armed.due });
  });

  it('cannot end twice', () => {
    for (const alarm of [pending, armed, retrying]) {
      expect(() => fireResult(alarm, { kind: 'woken' }, T)).toThrow(/ended for an alarm that is/);
    }
  });

  it('is tried at once when its guest is reached again', () => {
    expect(nextLook(reachedAgain(retrying, armed.due + 10), false)).toBe(armed.due + 10);
    expect(reachedAgain(retrying, armed.due + 6_000)).toBe(retrying);
    for (const alarm of [pending, armed, firing, retryingSent])
      expect(reachedAgain(alarm, armed.due)).toBe(alarm);
  });
});

describe('what is seen of the guest', () => {
  const late = armed.due + 2_000;
  const see = (alarm: Alarm, name: PowerStateName, now = late) => {
    const step = guestObserved(alarm, { name, cause: 'guest' }, now);
    if (step.kind === 'ended') return step.ending.kind === 'cancelled' ? step.ending.why : step.ending.kind;
    return step.alarm === alarm ? 'same' : step.alarm.phase.kind;
  };
  const states: PowerStateName[] = [
    'running',
    'paused',
    'suspended',
    'hibernated',
    'saved',
    'off',
    'crashed',
    'unknown',
  ];
  const as = (action: Alarm['action'], alarm: Alarm): Alarm => ({ ...alarm, action });

  it.each<[string, Alarm, string[]]>([
    // states:                 running        paused         suspended hibernated saved   off       crashed
    // unknown
    ['pending', pending, ['never-slept', 'same', 'armed', 'armed', 'same', 'failed', 'failed', 'same']],
    ['armed', armed, ['ended-early', 'same', 'same', 'same', 'same', 'failed', 'failed', 'same']],
    ['firing', firing, ['same', 'same', 'same', 'same', 'same', 'same', 'same', 'same']],
    ['retrying', retrying, ['ended-early', 'same', 'same', 'same', 'same', 'failed', 'failed', 'same']],
    [
      'retrying after a wake',
      retryingSent,
      ['woken', 'same', 'same', 'same', 'same', 'failed', 'failed', 'same'],
    ],
    [
      'pending hibernation',
      as('hibernate', pending),
      ['never-slept', 'same', 'armed', 'armed', 'same', 'same', 'same', 'same'],
    ],
    [
      'hibernated',
      as('hibernate', armed),
      ['ended-early', 'ended-early', 'same', 'same', 'same', 'same', 'same', 'same'],
    ],
    ['hybrid', as('hybrid', armed), ['ended-early', 'same', 'same', 'same', 'same', 'same', 'same', 'same']],
  ])('%s', (_, alarm, expected) => {
    expect(states.map((name) => see(alarm, name))).toEqual(expected);
  });

  it('a guest seen asleep only after its own clock rang is the app’s to wake', () => {
    const byClock: Alarm = { ...pending, holder: 'guest', held: { kind: 'guest', at: T + H } };
    expect(sleepConfirmed(byClock, T + H - 1)).toEqual({ ...byClock, phase: { kind: 'armed' } });
    expect(sleepConfirmed(byClock, T + H)).toEqual({ ...pending, holder: 'app', phase: { kind: 'armed' } });
    const job = { name: 'j', kind: 'at', ref: '1', due: T + H } as const;
    const byJob: Alarm = { ...pending, holder: 'host', held: { kind: 'host', hostId: 'nas', job, keeper: 'at', survives: '', blocked: false } };
    expect(sleepConfirmed(byJob, T + H)).toEqual({ ...byJob, phase: { kind: 'armed' } });
  });

  it('a guest that is not asleep yet keeps its alarm until the sleep has to be confirmed', () => {
    expect(see(pending, 'running', T + 29_999)).toBe('same');
    expect(see(pending, 'running', T + 30_000)).toBe('never-slept');
  });

  it('says who woke it', () => {
    const ending = (alarm: Alarm, cause: 'user' | 'timer') =>
      guestObserved(alarm, { name: 'running', cause }, late);
    expect(ending(armed, 'user')).toMatchObject({ ending: { kind: 'ended-early', by: 'user' } });
    expect(ending(retrying, 'timer')).toMatchObject({ ending: { kind: 'woken', late: 2_000 } });
  });
});

describe('a step of the wall clock', () => {
  it('back moves a length of time, and not an instant', () => {
    expect(clockStepped(armed, -H, T)).toEqual({ ...armed, due: armed.due - H, createdAt: T - H });
    const until = { ...armed, basis: 'instant' } as const;
    expect(clockStepped(until, -H, T)).toEqual(until);
  });

  it('forward counts as time passed', () => {
    for (const alarm of [armed, retrying, firing]) expect(clockStepped(alarm, H, T)).toBe(alarm);
  });

  it('never cuts the confirmation short, and never makes it longer', () => {
    expect(clockStepped(pending, H, T + H).phase).toEqual({ kind: 'pending', confirmBy: T + H + 30_000 });
    expect(clockStepped(pending, H, T + H).due).toBe(pending.due);
    expect(clockStepped(pending, -H, T).phase).toEqual({ kind: 'pending', confirmBy: T - H + 30_000 });
    expect(clockStepped(pending, -H, T).due).toBe(pending.due - H);
  });

  it('back keeps the wait for the next try, and what is late', () => {
    const now = armed.due - H + 1_000;
    const stepped = clockStepped(retrying, -H, now);
    expect(stepped).toMatchObject({ due: armed.due - H, lateFrom: armed.due - H });
    expect(nextLook(stepped, false)).toBe(nextLook(retrying, false) - H);
  });

  it('back before the instant it waits for arms it again', () => {
    const stepped = clockStepped({ ...retrying, basis: 'instant' }, -H, armed.due - H);
    expect(stepped).toEqual({ ...armed, basis: 'instant' });
  });
});

describe('after a restart', () => {
  it('a wake that was cut off is tried again at once', () => {
    const now = armed.due + 90_000;
    const again = restored(firing, now);
    expect(again.phase).toMatchObject({
      kind: 'retrying',
      attempts: 1,
      failures: 0,
      sent: true,
      after: 'interrupted',
    });
    expect(isDue(again, now)).toBe(true);
  });

  it('a wake that was cut off is not tried before its time, when the clock was set back meanwhile', () => {
    const again = restored(firing, armed.due - H);
    expect(isDue(again, armed.due - 1)).toBe(false);
    expect(isDue(again, armed.due)).toBe(true);
  });

  it('a late one does not wait any longer', () => {
    expect(isDue(restored(retrying, armed.due), armed.due)).toBe(true);
  });

  it('a pending one waits for its confirmation, but not for ever after a clock was set back', () => {
    expect(restored(pending, T + 1_000)).toEqual(pending);
    expect(restored(pending, T - 24 * H).phase).toEqual({
      kind: 'pending',
      confirmBy: T - 24 * H + MAX_CONFIRM_MS,
    });
    expect(restored(armed, T)).toBe(armed);
  });

  it('keeps the count of wakes that were slept through', () => {
    const twice = inPhase({ ...retryingSent.phase, failures: 2 } as AlarmPhase);
    const step = fireResult(
      startFiring(restored(twice, armed.due), armed.due),
      { kind: 'failed', reason: 'deaf' },
      armed.due,
    );
    expect(step).toMatchObject({ kind: 'ended', ending: { kind: 'failed' } });
  });
});
