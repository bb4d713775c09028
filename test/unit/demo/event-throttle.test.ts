import { expect, it } from 'vitest';
import { throttleEvents } from '../../../main/demo/event-throttle';
import type { MachineEvent } from '../../../main/demo/simulation';
import { fakeClock } from '../../fakes/clock';

const port = (open: boolean, id = 'channel0'): MachineEvent => ({
  name: 'VSERPORT_CHANGE',
  data: { id, open },
});

it('delivers the first at once, the last of a second at its end, the others never', async () => {
  const clock = fakeClock();
  const delivered: [number, MachineEvent][] = [];
  const start = clock.monotonic();
  const throttle = throttleEvents(clock, (event) => delivered.push([clock.monotonic() - start, event]));
  throttle.push(port(true));
  await clock.advance(100);
  throttle.push(port(false));
  throttle.push(port(true));
  throttle.push(port(false));
  throttle.push(port(false, 'other'));
  throttle.push({ name: 'SUSPEND' });
  throttle.push({ name: 'SUSPEND' });
  await clock.advance(1500);
  throttle.push(port(true));
  await clock.advance(5000);
  expect(delivered).toEqual([
    [0, port(true)],
    [100, port(false, 'other')],
    [100, { name: 'SUSPEND' }],
    [100, { name: 'SUSPEND' }],
    [1000, port(false)],
    // The second that began with the delayed one.
    [2000, port(true)],
  ]);
  expect(clock.pendingTimers()).toBe(0);
});

it('stops with its timers', () => {
  const clock = fakeClock();
  const throttle = throttleEvents(clock, () => undefined);
  throttle.push(port(true));
  expect(clock.pendingTimers()).toBe(1);
  throttle.stop();
  expect(clock.pendingTimers()).toBe(0);
});
