import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../main/clock';
import type { ScheduleDraft } from '../../preload/contract/schedules';
import { guestsCanRun, startGuest, type TinyGuest } from '../guest/tiny-guest';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';

const NAMES = ['plan-nas', 'plan-web'] as const;
const MINUTE = 60_000;

/** The system's clock, whose wall time can be moved on so that a full minute is near. */
function movableClock(): Clock & { moveTo(at: number): void } {
  let ahead = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    moveTo(at) {
      ahead = at - systemClock.now();
    },
  };
}

describe.skipIf(isMissing('QEMU', guestsCanRun()))('two real guests, a group and a schedule', () => {
  const clock = movableClock();
  let guests: TinyGuest[] = [];
  let app: TestApp;
  let groupId = '';

  beforeAll(async () => {
    guests = await Promise.all(NAMES.map((name) => startGuest({ name })));
    await Promise.all(guests.map((guest) => guest.waitForAgent()));
    app = await startTestApp({ clock, startedBefore: true, finds: ({ name }) => NAMES.some((one) => one === name) });
    for (const name of NAMES) await app.untilGuest(name, ({ agent }) => agent.status === 'answering');
    const [nas, web] = NAMES.map((name) => app.guest(name).id);
    const saved = await app.call('saveGroup', {
      groupId: null,
      draft: {
        name: 'Storage',
        members: [
          { guestId: nas ?? '', delaySeconds: 2 },
          { guestId: web ?? '', delaySeconds: 0 },
        ],
      },
    });
    groupId = saved.groupId;
  });

  afterAll(async () => {
    await app?.stop();
    await Promise.all(guests.map((guest) => guest.stop()));
  });

  const runDone = async (runId: string) => {
    const run = await app.until('the run is done', ({ runs }) => runs[runId]?.done === true && runs[runId]);
    return run.steps.map(({ name, state, text }) => [name, state, text]);
  };

  test('the group sleeps together, and wakes in its order', async () => {
    const target = { kind: 'group', groupId } as const;
    const slept = await app.call('setPowerStates', { target, action: 'suspend' });
    expect(await runDone(slept.runId)).toEqual([
      ['plan-nas', 'done', undefined],
      ['plan-web', 'done', undefined],
    ]);
    const woken = await app.call('setPowerStates', { target, action: 'wakeup' });
    expect(app.view.runs[woken.runId]?.title).toBe('Wake: Storage');
    expect(await runDone(woken.runId)).toEqual([
      ['plan-nas', 'done', undefined],
      ['plan-web', 'done', undefined],
    ]);
    const since = (name: string) => app.guest(name).state.since ?? 0;
    expect(since('plan-web') - since('plan-nas')).toBeGreaterThanOrEqual(1990);
    for (const { runId } of [slept, woken]) await app.call('dismissRun', { runId });
    expect(app.view.runs).toEqual({});
  });

  test('a group whose wake is cancelled sleeps on, but for the one that was woken', async () => {
    const target = { kind: 'group', groupId } as const;
    expect(await runDone((await app.call('setPowerStates', { target, action: 'suspend' })).runId)).toHaveLength(2);
    const { runId } = await app.call('setPowerStates', { target, action: 'wakeup' });
    await app.until('the first is awake', ({ runs }) => runs[runId]?.steps[0]?.state === 'done');
    await app.call('cancelRun', { runId });
    expect(await runDone(runId)).toEqual([
      ['plan-nas', 'done', undefined],
      ['plan-web', 'cancelled', undefined],
    ]);
    expect(NAMES.map((name) => app.guest(name).state.name)).toEqual(['running', 'suspended']);
    await app.call('setPowerState', { guestId: app.guest('plan-web').id, action: 'wakeup' });
    await app.untilState('plan-web', 'running');
    expect(NAMES.map((name) => app.guest(name).state.name)).toEqual(['running', 'running']);
  });

  test('a schedule puts the group to sleep at the full minute, and it is awake at the one after', async () => {
    const sleepAt = Math.ceil((clock.now() + 20_000) / MINUTE) * MINUTE;
    const fields = (at: number) => `${new Date(at).getUTCMinutes()} ${new Date(at).getUTCHours()} * * *`;
    const draft: ScheduleDraft = {
      name: 'Soon',
      target: { kind: 'group', groupId },
      action: 'suspend',
      rule: { kind: 'cron', sleep: fields(sleepAt), wake: fields(sleepAt + MINUTE) },
      timeZone: 'UTC',
      missed: 'skip',
      conditions: { nobodySignedIn: true, cpuBelowPercent: 300, graceSeconds: 2 },
      holder: 'app',
    };
    expect(await app.call('readSchedule', { draft })).toMatchObject({
      next: [{ sleep: sleepAt, wake: sleepAt + MINUTE }, expect.anything(), expect.anything()],
    });
    const seconds = await app.tryCall('readSchedule', {
      draft: { ...draft, rule: { kind: 'cron', sleep: '0 30 23 * * *', wake: null } },
    });
    expect(seconds).toMatchObject({ ok: false, refusal: { code: 'bad-schedule' } });
    const { scheduleId } = await app.call('saveSchedule', { scheduleId: null, draft });
    expect(app.view.schedules[scheduleId]).toMatchObject({ paused: false, skipsNext: false, missed: null });
    const upcoming = { scheduleId, name: 'Soon', next: { sleep: sleepAt, wake: sleepAt + MINUTE } };
    expect(app.app.dependents()).toEqual({ alarms: [], schedules: [upcoming] });
    const leaving = app.app.askToQuit();
    const question = await app.until('the question', ({ prompts }) => Object.values(prompts)[0]);
    expect(question).toMatchObject({ kind: 'quit', schedules: [upcoming] });
    await app.call('answerQuit', { promptId: question.id, answer: 'stay' });
    expect(await leaving).toBe('stay');

    clock.moveTo(sleepAt - 1000);
    app.app.recheck();
    const grace = await app.until('the grace period', ({ graces }) => Object.values(graces)[0]);
    expect(grace).toMatchObject({ title: 'Storage: 2 guests go to sleep', reason: 'Soon' });
    for (const name of NAMES) {
      const asleep = await app.untilState(name, 'suspended');
      expect(asleep.state).toMatchObject({ source: 'event', cause: 'timer' });
      expect(asleep.state.since).toBeGreaterThanOrEqual(grace.at - 10);
    }
    const dues = NAMES.map((name) => app.guest(name).alarm?.due);
    expect(dues).toEqual([sleepAt + MINUTE, sleepAt + MINUTE + 2000]);
    for (const [index, name] of NAMES.entries()) {
      const history = await app.call('guestHistory', { guestId: app.guest(name).id });
      expect(history.map(({ actor }) => actor), String(index)).toContainEqual({ kind: 'schedule', name: 'Soon' });
    }
    expect(app.view.graces).toEqual({});

    clock.moveTo(sleepAt + MINUTE - 1000);
    app.app.recheck();
    for (const name of NAMES) await app.untilState(name, 'running');
    const [nas, web] = NAMES.map((name) => app.guest(name).state.since ?? 0);
    expect(nas).toBeGreaterThanOrEqual(sleepAt + MINUTE);
    expect(web).toBeGreaterThanOrEqual(sleepAt + MINUTE + 2000);
    expect(app.view.notices).toEqual({});
    await app.call('removeSchedule', { scheduleId });
    await app.call('removeGroup', { groupId });
    expect([app.view.schedules, app.view.groups]).toEqual([{}, {}]);
  });
});
