import { describe, expect, it } from 'vitest';
import { startPoller } from '../../../../renderer/ui/poller';

/** A poller whose answers and timers the test owns. */
function bench(goesOn: (answer: string) => boolean = () => true) {
  const asked: ((answer: string) => void)[] = [];
  const told: string[] = [];
  const timers = new Set<{ ms: number; task: () => void }>();
  const poller = startPoller<string>({
    ask: () => new Promise((resolve) => asked.push(resolve)),
    everyMs: 2000,
    goesOn,
    onAnswer: (answer) => told.push(answer),
    after(ms, task) {
      const timer = { ms, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  return {
    poller,
    asked,
    told,
    timers,
    async answer(text: string) {
      asked.at(-1)?.(text);
      await Promise.resolve();
      await Promise.resolve();
    },
    fire() {
      const [timer] = timers;
      if (timer === undefined) throw new Error('no timer');
      timers.delete(timer);
      timer.task();
    },
  };
}

describe('a poller', () => {
  it('asks at once, and again after a while from the answer', async () => {
    const { asked, told, timers, answer, fire } = bench();
    expect([asked.length, timers.size]).toEqual([1, 0]);
    await answer('one');
    expect([told, [...timers].map(({ ms }) => ms)]).toEqual([['one'], [2000]]);
    fire();
    expect([asked.length, timers.size]).toEqual([2, 0]);
    await answer('two');
    expect(told).toEqual(['one', 'two']);
  });

  it('asks now, but never twice at a time', async () => {
    const { poller, asked, timers, answer } = bench();
    poller.askNow();
    expect(asked).toHaveLength(1);
    await answer('one');
    poller.askNow();
    expect([asked.length, timers.size]).toEqual([2, 0]);
    await answer('two');
    expect(timers.size).toBe(1);
  });

  it('does not go on after an answer that ends it, until it is asked to', async () => {
    const { poller, asked, told, timers, answer } = bench((text) => text !== 'none');
    await answer('none');
    expect([told, timers.size]).toEqual([['none'], 0]);
    poller.askNow();
    expect(asked).toHaveLength(2);
    await answer('some');
    expect(timers.size).toBe(1);
  });

  it('tells nothing and asks nothing once it is stopped', async () => {
    const { poller, asked, told, timers, answer } = bench();
    poller.stop();
    await answer('late');
    poller.askNow();
    expect([told, asked.length, timers.size]).toEqual([[], 1, 0]);
    const other = bench();
    await other.answer('one');
    other.poller.stop();
    expect(other.timers.size).toBe(0);
  });
});
