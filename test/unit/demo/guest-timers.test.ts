import { expect, it } from 'vitest';
import { guestTimers } from '../../../main/demo/guest-timers';
import { fakeClock } from '../../fakes/clock';

it('stands still while frozen, and goes on with what was left', async () => {
  const clock = fakeClock();
  const timers = guestTimers(clock);
  const done: string[] = [];
  timers.after(100, () => done.push('first'));
  timers.after(200, () => done.push('second'));
  await clock.advance(60);
  timers.freeze();
  timers.freeze();
  await clock.advance(10_000);
  expect(done).toEqual([]);
  expect(clock.pendingTimers()).toBe(0);
  timers.thaw();
  timers.thaw();
  await clock.advance(39);
  expect(done).toEqual([]);
  await clock.advance(1);
  expect(done).toEqual(['first']);
  await clock.advance(100);
  expect(done).toEqual(['first', 'second']);
});

it('what is begun while frozen waits for the thaw', async () => {
  const clock = fakeClock();
  const timers = guestTimers(clock);
  const done: string[] = [];
  timers.freeze();
  timers.after(10, () => done.push('late'));
  await clock.advance(100);
  expect(done).toEqual([]);
  timers.thaw();
  await clock.advance(10);
  expect(done).toEqual(['late']);
});

it('forgets everything when cleared', async () => {
  const clock = fakeClock();
  const timers = guestTimers(clock);
  timers.after(10, () => expect.unreachable());
  timers.clear();
  expect(clock.pendingTimers()).toBe(0);
  timers.freeze();
  timers.after(10, () => expect.unreachable());
  timers.clear();
  timers.thaw();
  await clock.advance(100);
});
