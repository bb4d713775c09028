import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScheduleDraft } from '../../../preload/contract/schedules';
import type { ScheduleForm } from '../../../renderer/schedule-draft';
import { formOf, readForm, readTimeOfDay, refusedField, sleeps, wakes } from '../../../renderer/schedule-draft';
import { scheduleDraft } from '../../fakes/plan-views';

const form = (part: Partial<ScheduleForm> = {}): ScheduleForm => ({
  ...formOf(null, { kind: 'guests', guestIds: ['nas'] }, 'Europe/Berlin'),
  ...part,
});
const errors = (part: Partial<ScheduleForm>) => {
  const read = readForm(form(part));
  return read.ok ? [] : read.errors.map(({ field, missing }) => [field, missing]);
};

describe('readTimeOfDay', () => {
  it.each([
    ['23:30', '23:30'],
    [' 7:05 ', '07:05'],
    ['7', '07:00'],
    ['0730', '07:30'],
    ['730', '07:30'],
    ['7.30', '07:30'],
    ['00:00', '00:00'],
  ])('%s is %s', (text, time) => expect(readTimeOfDay(text)).toBe(time));

  it.each(['', '24:00', '12:60', 'noon', '7:3', '12345', '-1'])('%s is none', (text) => expect(readTimeOfDay(text)).toBeNull());
});

describe('readForm', () => {
  it('opens as a schedule that could be saved', () => {
    expect(readForm(form())).toEqual({
      ok: true,
      draft: scheduleDraft({ timeZone: 'Europe/Berlin' }),
    });
  });

  it('gives back the draft that is edited', () => {
    const weekly = scheduleDraft({
      name: 'Nights',
      target: { kind: 'group', groupId: 'g' },
      action: 'hybrid',
      rule: { kind: 'weekly', days: [6], sleepAt: null, wakeAt: '06:30' },
      missed: 'ask',
      conditions: { nobodySignedIn: true, cpuBelowPercent: 12.5, graceSeconds: 90 },
      holder: 'host',
    });
    const cron = scheduleDraft({ target: { kind: 'host', hostId: 'h' }, rule: { kind: 'cron', sleep: null, wake: '0 7 * * *' } });
    for (const draft of [weekly, cron]) expect(readForm(formOf(draft, null, 'UTC'))).toEqual({ ok: true, draft });
  });

  it('says what is missing, to be told later, and what is wrong, to be told now', () => {
    expect(errors({ guestIds: [] })).toEqual([['target', true]]);
    expect(errors({ targetKind: 'group' })).toEqual([['target', true]]);
    expect(errors({ targetKind: 'host' })).toEqual([['target', true]]);
    expect(errors({ days: [] })).toEqual([['days', true]]);
    expect(errors({ sleepAt: '', wakeAt: ' ' })).toEqual([['sleepAt', true]]);
    expect(errors({ sleepAt: '25:00' })).toEqual([['sleepAt', false]]);
    expect(errors({ wakeAt: 'dawn' })).toEqual([['wakeAt', false]]);
    expect(errors({ ruleKind: 'cron' })).toEqual([['sleepCron', true]]);
    expect(errors({ cpuBelow: 'half' })).toEqual([['cpuBelow', false]]);
    expect(errors({ cpuBelow: '0' })).toEqual([['cpuBelow', false]]);
    expect(errors({ cpuBelow: '20 %' })).toEqual([]);
  });

  it('never makes a draft that the bridge would not take', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('', '7', '23:30', '0 7 * * *', '99', '12 %'));
    fc.assert(
      fc.property(
        fc.record({
          days: fc.uniqueArray(fc.integer({ min: 1, max: 7 })),
          sleepAt: text,
          wakeAt: text,
          sleepCron: text,
          wakeCron: text,
          cpuBelow: text,
          ruleKind: fc.constantFrom('weekly' as const, 'cron' as const),
          guestIds: fc.array(fc.string({ minLength: 1 })),
        }),
        (part) => {
          const read = readForm(form(part));
          if (read.ok) expect(ScheduleDraft.safeParse(read.draft).error).toBeUndefined();
          else expect(read.errors).not.toEqual([]);
        },
      ),
    );
  });
});

it('tells what a form does', () => {
  expect([sleeps(form()), wakes(form())]).toEqual([true, true]);
  expect([sleeps(form({ sleepAt: '' })), wakes(form({ wakeAt: '' }))]).toEqual([false, false]);
  expect([sleeps(form({ ruleKind: 'cron' })), wakes(form({ ruleKind: 'cron', wakeCron: '0 7 * * *' }))]).toEqual([false, true]);
});

it('finds the expression that a refusal is about', () => {
  const draft = scheduleDraft({ rule: { kind: 'cron', sleep: '1 2 3', wake: 'x' } });
  expect(refusedField(draft, '“1 2 3” is not understood.')).toBe('sleepCron');
  expect(refusedField(draft, '“x” names a day that never comes.')).toBe('wakeCron');
  expect(refusedField(draft, 'Every sleep would end as it begins.')).toBeNull();
  expect(refusedField(scheduleDraft(), '“23:30”')).toBeNull();
});
