import { MAX_TIMER_MS, type Clock } from '../../main/clock';

export interface FakeClock extends Clock {
  /** Lets `ms` pass: wall and monotonic time advance, due timers run in order, promises settle between them. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock by `ms` (either way) without time passing, as NTP or a user would. */
  step(ms: number): void;
  /** This computer sleeps for `ms`: the wall clock moves on, timers and the monotonic clock stand still. */
  sleep(ms: number): void;
  pendingTimers(): number;
  /** How long until the next timer is due, in ms; Infinity without one. */
  untilNextTimer(): number;
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  await new Promise<void>((resolve) => setImmediate(resolve));
};

export function fakeClock(start = Date.UTC(2026, 10, 22, 12)): FakeClock {
  let wall = start;
  let mono = 0;
  let serial = 0;
  const timers = new Map<number, { due: number; fn: () => void }>();
  return {
    now: () => wall,
    monotonic: () => mono,
    setTimer(ms, fn) {
      if (!(ms >= 0 && ms <= MAX_TIMER_MS)) throw new RangeError(`A timer of ${ms} ms cannot be set`);
      const id = (serial += 1);
      timers.set(id, { due: mono + ms, fn });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const end = mono + ms;
      await settle();
      for (;;) {
        const next = [...timers].filter(([, timer]) => timer.due <= end).sort((a, b) => a[1].due - b[1].due || a[0] - b[0])[0];
        if (!next) break;
        const [id, timer] = next;
        timers.delete(id);
        wall += timer.due - mono;
        mono = timer.due;
        timer.fn();
        await settle();
      }
      wall += end - mono;
      mono = end;
      await settle();
    },
    step(ms) {
      wall += ms;
    },
    sleep(ms) {
      wall += ms;
    },
    pendingTimers: () => timers.size,
    untilNextTimer: () => Math.min(...[...timers.values()].map(({ due }) => due)) - mono,
  };
}
