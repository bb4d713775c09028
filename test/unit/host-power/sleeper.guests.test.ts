import { describe, expect, it } from 'vitest';
import { byUser } from '../../../main/power/actor';
import { become, createBench, guestOf, lost, type Bench } from './bench';

const HOUR = 3_600_000;
const forMs = (ms: number) => ({ when: { kind: 'for', ms }, first: 'leave', by: byUser }) as const;
const refusal = { code: 'wrong-state', message: 'It refuses.', remedy: 'Ask it nicely.' } as const;
const pending = { action: 'wakeup', since: 0, by: byUser } as const;

/** Connected, and asked what it offers. */
async function connected(prepare: (bench: Bench) => void): Promise<Bench> {
  const bench = createBench();
  prepare(bench);
  bench.sleeper.start();
  await bench.link({ kind: 'ready' });
  return bench;
}

describe('its guests', () => {
  const three = () => [guestOf('web'), guestOf('db'), guestOf('old', 'off'), guestOf('nap', 'suspended'), guestOf('mail')];

  it.each([
    ['sleep', 'suspend'],
    ['shutdown', 'shutdown'],
  ] as const)('%s one after the other, each to its end, before the host does', async (first, action) => {
    const bench = await connected((each) => (each.guests = three()));
    await bench.sleeper.sleep({ ...forMs(HOUR), first });
    expect(bench.asked).toEqual([{ guest: 'web', action }]);
    await bench.clock.advance(100);
    expect(bench.asked.map(({ guest }) => guest)).toEqual(['web', 'db']);
    expect(bench.sleeper.detail).toBe('First its guests: db, 2 of 3.');
    expect(bench.orders).toEqual([]);
    await bench.clock.advance(200);
    expect(bench.asked.map(({ guest }) => guest)).toEqual(['web', 'db', 'mail']);
    expect(bench.orders).toHaveLength(1);
  });

  it('are left where that was chosen', async () => {
    const bench = await connected((each) => (each.guests = [...three(), guestOf('lost', 'unknown')]));
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.settle();
    expect([bench.asked, bench.orders.length]).toEqual([[], 1]);
  });

  it.each([
    ['refuses', { refusal }],
    ['fails', { outcome: refusal }],
  ] as const)('keep the host awake when one %s, and what was done stays', async (_how, answer) => {
    const bench = await connected((each) => {
      each.guests = three();
      each.answer = ({ id }) => (id === 'db' ? answer : { outcome: null });
    });
    await bench.sleeper.sleep({ ...forMs(HOUR), first: 'sleep' });
    await bench.clock.advance(1000);
    expect(bench.asked.map(({ guest }) => guest)).toEqual(['web', 'db']);
    expect([bench.orders, bench.sleeper.stage, bench.kept()?.sleep]).toEqual([[], 'awake', null]);
    expect(bench.notices).toMatchObject([
      { title: 'nas was not put to sleep', message: 'db: It refuses. What was done to web before stays.', remedy: 'Ask it nicely.' },
    ]);
  });

  it.each(['leave', 'sleep', 'shutdown'] as const)('to which something is being done keep it awake (%s)', async (first) => {
    const bench = await connected((each) => (each.guests = [guestOf('db', 'running', { pending })]));
    await expect(bench.sleeper.sleep({ ...forMs(HOUR), first })).rejects.toThrow('Something is being done to db.');
    expect([bench.orders, bench.sleeper.stage]).toEqual([[], 'awake']);
  });

  it.each([
    ['is being woken', pending, 'Something is being done to nap.', []],
    ['was woken', null, null, ['web', 'nap']],
  ] as const)('one that %s meanwhile is seen to as well', async (_what, under, message, seenTo) => {
    const nap = guestOf('nap', 'suspended');
    const bench = await connected((each) => (each.guests = [guestOf('web'), nap]));
    await bench.sleeper.sleep({ ...forMs(HOUR), first: 'shutdown' });
    become(nap, 'running', under);
    await bench.clock.advance(1000);
    expect(bench.orders).toHaveLength(message === null ? 1 : 0);
    expect(bench.notices.map((notice) => notice.message)).toEqual(message === null ? [] : [expect.stringContaining(message)]);
    expect(bench.asked.map(({ guest }) => guest)).toEqual(message === null ? seenTo : ['web']);
  });

  it('one that does not stay asleep is told, and not asked for ever', async () => {
    const web = guestOf('web');
    const bench = await connected((each) => {
      each.guests = [web, guestOf('db')];
      each.answer = ({ id }) => {
        if (id === 'db') become(web, 'running');
        return { outcome: null };
      };
    });
    await bench.sleeper.sleep({ ...forMs(HOUR), first: 'sleep' });
    await bench.clock.advance(1000);
    expect(bench.orders).toEqual([]);
    expect(bench.notices).toMatchObject([{ message: expect.stringContaining('web is running again.') }]);
  });

  it('that took too long leave no time to sleep', async () => {
    const bench = await connected((each) => {
      each.guests = [guestOf('web')];
    });
    await bench.sleeper.sleep({ ...forMs(60_000), first: 'sleep' });
    await bench.clock.advance(100);
    // 59.9 s are a minute, as a host counts.
    expect(bench.orders).toEqual([['rtcwake', 60]]);
    const late = await connected((each) => (each.guests = [guestOf('web')]));
    await late.sleeper.sleep({ ...forMs(60_000), first: 'sleep' });
    late.clock.step(5000);
    await late.clock.advance(100);
    expect(late.orders).toEqual([]);
    expect(late.notices).toMatchObject([{ message: expect.stringContaining('Less than a minute') }]);
  });

  it('whose host is lost meanwhile keep it from being asked', async () => {
    const bench = await connected((each) => (each.guests = [guestOf('web')]));
    await bench.sleeper.sleep({ ...forMs(HOUR), first: 'sleep' });
    await bench.link(lost);
    await bench.clock.advance(100);
    expect([bench.orders, bench.sleeper.stage]).toEqual([[], 'awake']);
    expect(bench.notices).toMatchObject([{ message: expect.stringContaining('connection was lost before') }]);
  });

  it('whose alarms come due meanwhile are told, those that come later are not', async () => {
    const bench = await connected((each) => {
      each.alarms = [
        { name: 'web', due: each.clock.now() + HOUR / 2 },
        { name: 'db', due: each.clock.now() + 2 * HOUR },
      ];
    });
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.settle();
    expect(bench.notices).toMatchObject([{ severity: 'warning', title: 'Alarms come due while nas sleeps', message: expect.stringMatching(/^web \(\d\d:\d\d\): woken when nas is awake/) }]);
  });
});
