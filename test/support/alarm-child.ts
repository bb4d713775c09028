import { writeSync } from 'node:fs';
import { createAlarmRunner } from '../../main/alarms/runner';
import { openAlarmStore } from '../../main/alarms/store';
import { systemClock } from '../../main/clock';
import { byUser } from '../../main/power/actor';

/**
 * Arms, extends and cancels alarms until it is killed, and says on standard output, at once, what it begins and what was
 * acknowledged: one JSON array a line.
 */
const [, , dir = '', seedText = '1'] = process.argv;
const say = (...words: readonly (string | number)[]) => void writeSync(1, `${JSON.stringify(words)}\n`);

/** Source: mulberry32, public domain. */
let seed = Number(seedText);
const random = (below: number): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
};

async function main(): Promise<void> {
  const store = await openAlarmStore({ dir });
  const runner = createAlarmRunner({
    clock: systemClock,
    store,
    wake: () => Promise.resolve({ kind: 'unreachable', reason: 'Nobody is there.' }),
    onClockStep: () => undefined,
    onChange: () => undefined,
    onEnded: () => undefined,
    onStoreProblem: (error) => error && say('problem', error.message),
  });
  runner.start();
  say('ready');

  const step = async (lane: number): Promise<void> => {
    const guestId = `guest-${lane}`;
    const alarm = runner.ofGuest(guestId);
    const choice = random(4);
    if (!alarm || choice === 0) {
      const due = Math.round(Date.now()) + 3_600_000 + random(1_000_000);
      say('arming', guestId, due);
      const when = { kind: 'until', at: due, text: '' } as const;
      const armed = await runner.arm({ guestId, holder: 'guest', action: 'suspend', when, confirmWithin: 60_000, by: byUser });
      say('armed', guestId, armed.due);
      await runner.hold(armed.id, 'guest', { kind: 'guest', at: due });
      say('held', guestId, armed.due);
    } else if (choice === 1) {
      say('cancelling', guestId);
      await runner.cancel(alarm.id, { why: 'asked', by: byUser });
      say('cancelled', guestId);
    } else {
      const due = alarm.due + 1 + random(1_000_000);
      say('moving', guestId, due);
      await runner.extend(alarm.id, { kind: 'to', due, basis: 'instant' });
      say('moved', guestId, due);
    }
  };
  const lane = async (n: number): Promise<never> => {
    for (;;) await step(n);
  };
  await Promise.all([0, 1, 2].map(lane));
}

void main();
