import { describe, expect, it } from 'vitest';
import { HostError } from '../../../main/hosts/host';
import { OutcomeUnknownError, type SleepOrder } from '../../../main/hosts/power';
import { byUser } from '../../../main/power/actor';
import { StorageError } from '../../../main/storage/errors';
import { CARD, createBench, guestOf, lost, never, surveyOf, type Bench } from './bench';

const HOUR = 3_600_000;
const READY = { kind: 'ready' } as const;
const forMs = (ms: number) => ({ when: { kind: 'for', ms }, first: 'leave', by: byUser }) as const;
const untilWoken = { when: { kind: 'none' }, first: 'leave', by: byUser } as const;

/** Connected, and asked what it offers. */
async function connected(prepare: (bench: Bench) => void = () => undefined): Promise<Bench> {
  const bench = createBench();
  prepare(bench);
  bench.sleeper.start();
  await bench.link(READY);
  return bench;
}

async function asleep(ms: number | null, prepare?: (bench: Bench) => void): Promise<Bench> {
  const bench = await connected(prepare);
  await bench.sleeper.sleep(ms === null ? untilWoken : forMs(ms));
  await bench.settle();
  await bench.link(lost);
  expect(bench.sleeper.stage).toBe('asleep');
  return bench;
}

describe('falling asleep', () => {
  it('is asleep only when it took the command and its connection went away', async () => {
    let take: (order: SleepOrder) => void = () => {};
    const bench = await connected((each) => (each.take = () => new Promise((resolve) => (take = resolve))));
    const due = bench.clock.now() + 2 * HOUR;
    await bench.sleeper.sleep(forMs(2 * HOUR));
    await bench.settle();
    expect([bench.sleeper.stage, bench.orders, bench.kept()?.sleep?.phase]).toEqual(['falling-asleep', [['rtcwake', 7200]], 'begun']);
    take({ ended: never });
    await bench.settle();
    expect([bench.sleeper.stage, bench.kept()?.sleep?.phase]).toEqual(['falling-asleep', 'accepted']);
    await bench.link(lost);
    expect([bench.sleeper.stage, bench.sleeper.wakesAt, bench.kept()?.sleep]).toEqual(['asleep', due, expect.objectContaining({ phase: 'asleep', wakesAt: due })]);
    expect(bench.seen.at(-1)).toEqual({ name: 'suspended', source: 'inference', cause: 'user' });
    expect(bench.entries.map(({ kind, actor }) => [kind, actor.kind])).toEqual([
      ['action', 'user'],
      ['state', 'unknown'],
    ]);
  });

  it('is not concluded from a connection that went away before', async () => {
    const bench = await connected((each) => (each.take = () => Promise.reject(new OutcomeUnknownError('The connection went away'))));
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.settle();
    await bench.link(lost);
    expect([bench.sleeper.stage, bench.sleeper.wakesAt, bench.kept()?.sleep]).toEqual(['awake', null, null]);
    expect(bench.notices).toMatchObject([{ severity: 'warning', title: 'Whether nas sleeps is not known' }]);
    expect(bench.seen.at(-1)?.name).toBe('unknown');
  });

  it('is concluded where the connection went away in the moment that it took the command', async () => {
    let take: (order: SleepOrder) => void = () => {};
    const bench = await connected((each) => (each.take = () => new Promise((resolve) => (take = resolve))));
    await bench.sleeper.sleep(untilWoken);
    await bench.settle();
    await bench.link(lost);
    expect(bench.sleeper.stage).toBe('falling-asleep');
    take({ ended: never });
    await bench.settle();
    expect([bench.sleeper.stage, bench.sleeper.wakesAt]).toEqual(['asleep', null]);
  });

  it('until a time sleeps until then, however long its guests took', async () => {
    const bench = await connected((each) => (each.guests = [guestOf('web')]));
    const at = bench.clock.now() + HOUR;
    await bench.sleeper.sleep({ when: { kind: 'until', at, text: 'until 13:00' }, first: 'shutdown', by: byUser });
    await bench.clock.advance(100);
    expect(bench.orders).toEqual([['rtcwake', 3600]]);
    expect(bench.sleeper.wakesAt).toBe(at);
  });

  it('is given up where it stays connected, and its wake time with it', async () => {
    const bench = await connected();
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.clock.advance(89_000);
    expect(bench.sleeper.stage).toBe('falling-asleep');
    await bench.clock.advance(2000);
    expect([bench.sleeper.stage, bench.sleeper.wakesAt, bench.kept()?.sleep]).toEqual(['awake', null, null]);
    expect(bench.notices).toMatchObject([{ title: 'nas was not put to sleep', message: expect.stringContaining('stayed connected') }]);
    expect(bench.events).toEqual(['failed: nas was not put to sleep']);
  });

  it('that the host refuses is told with its reason', async () => {
    const bench = await connected((each) => (each.take = () => Promise.reject(new HostError('It refused: no RTC.', 'Mend it.'))));
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.settle();
    expect(bench.notices).toMatchObject([{ title: 'nas was not put to sleep', message: 'It refused: no RTC.', remedy: 'Mend it.' }]);
    expect([bench.sleeper.stage, bench.kept()?.sleep]).toEqual(['awake', null]);
  });

  it('whose command comes back is looked at: a sleep was counted, or none', async () => {
    for (const [slept, text] of [[5, 'Awake before its time: Reveille did not wake it.'], [4, 'nas did not sleep.']] as const) {
      let end: (how: { code: number; said: string }) => void = () => {};
      const bench = await connected((each) => (each.take = () => Promise.resolve({ ended: new Promise((resolve) => (end = resolve)) })));
      await bench.sleeper.sleep(forMs(HOUR));
      await bench.settle();
      bench.survey = surveyOf({ slept });
      end({ code: 0, said: '' });
      await bench.settle();
      expect(bench.sleeper.stage).toBe('awake');
      expect(bench.entries.at(-1)?.text).toContain(text);
    }
  });

  it('whose command fails after it was taken is told', async () => {
    const bench = await connected((each) => (each.take = () => Promise.resolve({ ended: Promise.resolve({ code: 1, said: 'write error' }) })));
    await bench.sleeper.sleep(forMs(HOUR));
    await bench.settle();
    expect(bench.notices).toMatchObject([{ title: 'nas was not put to sleep', message: 'Its command failed: write error.' }]);
  });
});

describe('what is refused, before anything is touched', () => {
  it.each<[string, (bench: Bench) => void, Parameters<Bench['sleeper']['sleep']>[0], string]>([
    ['too short a time', () => undefined, forMs(59_999), 'bad-duration'],
    ['what it does not offer', (bench) => (bench.survey = surveyOf({ states: [] })), forMs(HOUR), 'unsupported'],
    ['a host that cannot be asked', (bench) => (bench.survey = new HostError('It runs FreeBSD.', 'Do it yourself.')), forMs(HOUR), 'no-control'],
    ['a disk that is full', (bench) => (bench.keepFails = new StorageError('ENOSPC', '/p', 'No space is left.')), forMs(HOUR), 'storage'],
    ['a guest that refuses', (bench) => (bench.guests = [guestOf('web'), guestOf('db', 'unknown')]), { ...forMs(HOUR), first: 'sleep' }, 'unknown-state'],
    ['a guest that is busy', (bench) => (bench.guests = [guestOf('web', 'running', { pending: { action: 'reboot', since: 0, by: byUser } })]), { ...forMs(HOUR), first: 'shutdown' }, 'busy'],
  ])('%s', async (_what, prepare, request, code) => {
    const bench = await connected(prepare);
    await expect(bench.sleeper.sleep(request)).rejects.toMatchObject({ refusal: { code } });
    await bench.settle();
    expect([bench.orders, bench.asked, bench.sleeper.stage, bench.kept()?.sleep ?? null]).toEqual([[], [], 'awake', null]);
  });

  it('a second sleep, and one without a connection', async () => {
    const bench = await connected();
    await bench.sleeper.sleep(forMs(HOUR));
    await expect(bench.sleeper.sleep(forMs(HOUR))).rejects.toMatchObject({ refusal: { code: 'busy' } });
    await bench.link(lost);
    await expect(bench.sleeper.sleep(forMs(HOUR))).rejects.toMatchObject({ refusal: { code: 'busy', message: 'It sleeps already.' } });
    const other = await connected();
    await other.link(lost);
    await expect(other.sleeper.sleep(forMs(HOUR))).rejects.toMatchObject({ refusal: { code: 'no-control' } });
    expect([bench.orders.length, other.orders.length]).toEqual([1, 0]);
  });
});

describe('asleep', () => {
  it('its link rests: a look after a minute, then every 15 min, and at its wake time', async () => {
    const bench = await asleep(HOUR);
    expect(bench.sleeper.retryIn()).toBe(60_000);
    await bench.clock.advance(60_000);
    expect(bench.sleeper.retryIn()).toBe(15 * 60_000);
    await bench.clock.advance(50 * 60_000);
    expect(bench.sleeper.retryIn()).toBe(9 * 60_000);
    expect(bench.connects()).toBe(0);
    await bench.clock.advance(9 * 60_000);
    expect([bench.sleeper.stage, bench.connects(), bench.sleeper.retryIn()]).toEqual(['waking', 1, 2000]);
  });

  it('a host that is only not connected is tried as ever', async () => {
    const bench = await connected();
    await bench.link(lost);
    expect(bench.sleeper.retryIn()).toBeNull();
  });

  it('comes back at its time; its guests’ alarms are looked at then', async () => {
    const bench = await asleep(HOUR);
    await bench.clock.advance(HOUR + 1000);
    bench.survey = surveyOf({ slept: 5 });
    await bench.link(READY);
    expect([bench.sleeper.stage, bench.returns(), bench.kept()?.sleep]).toEqual(['awake', 1, null]);
    expect(bench.entries.at(-1)).toMatchObject({ text: 'Awake: its clock was to wake it.', actor: { kind: 'alarm', holder: 'host' }, failed: false });
    expect(bench.events).toEqual(['woken: nas is awake']);
    expect([bench.packets, bench.notices]).toEqual([[], []]);
  });

  it('a clock that was set forward beyond its time is noticed', async () => {
    const bench = await asleep(HOUR);
    bench.clock.step(HOUR);
    await bench.clock.advance(30_000);
    expect(bench.sleeper.stage).toBe('waking');
    const other = await asleep(HOUR);
    other.clock.step(HOUR);
    other.sleeper.recheck();
    expect(other.sleeper.stage).toBe('waking');
  });

  it('packets help a host that is not there 20 s after its time; after 3 min it is told once', async () => {
    const bench = await asleep(HOUR);
    await bench.clock.advance(HOUR + 19_000);
    expect(bench.packets).toEqual([]);
    await bench.clock.advance(2000);
    expect(bench.packets).toEqual([expect.objectContaining({ cards: [CARD] })]);
    await bench.clock.advance(3 * 60_000);
    expect([bench.sleeper.stage, bench.sleeper.wakesAt]).toEqual(['asleep', null]);
    expect(bench.notices).toMatchObject([{ severity: 'error', title: 'nas is not there at its wake time', message: expect.stringContaining(CARD.mac) }]);
    const { length } = bench.packets;
    await bench.clock.advance(HOUR);
    expect([bench.packets.length, bench.notices.length]).toEqual([length, 1]);
  });

  it('a disabled host is left alone at its time', async () => {
    const bench = await asleep(HOUR);
    await bench.link({ kind: 'offline' });
    await bench.clock.advance(2 * HOUR);
    expect([bench.sleeper.stage, bench.packets, bench.notices]).toEqual(['asleep', [], []]);
  });

  it('a host that is there before its time was woken by somebody else', async () => {
    const bench = await asleep(HOUR);
    await bench.clock.advance(HOUR / 2);
    bench.survey = surveyOf({ slept: 5 });
    await bench.link(READY);
    expect(bench.entries.at(-1)).toMatchObject({ text: 'Awake before its time: Reveille did not wake it.', actor: { kind: 'unknown' } });
  });

  it.each([
    ['counts no sleep', { slept: 4 }, 'error', 'did not sleep'],
    ['was started anew', { slept: 0, bootId: 'boot-2' }, 'state', 'was started anew'],
    ['does not count', { slept: null }, 'state', 'Awake'],
  ] as const)('a host that %s says so when it is there again', async (_how, told, kind, text) => {
    const bench = await asleep(HOUR);
    bench.survey = surveyOf(told);
    await bench.link(READY);
    expect(bench.entries.at(-1)).toMatchObject({ kind, text: expect.stringContaining(text) });
    expect(bench.sleeper.stage).toBe('awake');
  });
});

describe('Wake', () => {
  it('sends packets every 5 s until it is there', async () => {
    const bench = await asleep(null);
    bench.sleeper.wake(byUser);
    expect([bench.sleeper.stage, bench.packets.length, bench.connects()]).toEqual(['waking', 1, 1]);
    await bench.clock.advance(11_000);
    expect(bench.packets).toHaveLength(3);
    bench.survey = surveyOf({ slept: 5 });
    await bench.link(READY);
    expect(bench.entries.at(-1)).toMatchObject({ text: 'Awake: reached after Wake-on-LAN was sent.', actor: byUser });
    await bench.clock.advance(10 * 60_000);
    expect([bench.packets.length, bench.notices]).toEqual([3, []]);
  });

  it('is given up after 3 min, with what to do; it sleeps on', async () => {
    const bench = await asleep(8 * HOUR);
    bench.sleeper.wake(byUser);
    await bench.clock.advance(3 * 60_000);
    expect([bench.sleeper.stage, bench.sleeper.wakesAt === null]).toEqual(['asleep', false]);
    expect(bench.notices).toMatchObject([{ title: 'nas did not wake', remedy: expect.stringContaining('ethtool -s eth0 wol g') }]);
    await bench.clock.advance(60_000);
    expect(bench.packets).toHaveLength(36);
  });

  it('is refused without a card that is known, while it is connected, and while it is disabled', async () => {
    const unknown = await asleep(null, (bench) => (bench.survey = surveyOf({ network: { address: null, prefix: null, cards: [] } })));
    expect(() => unknown.sleeper.wake(byUser)).toThrow('network card');
    const bench = await connected();
    expect(() => bench.sleeper.wake(byUser)).toThrow('It is awake.');
    await bench.link({ kind: 'offline' });
    expect(() => bench.sleeper.wake(byUser)).toThrow('switched off');
    expect([unknown.packets, bench.packets]).toEqual([[], []]);
  });

  it('of a host that Reveille did not put to sleep is sent, too', async () => {
    const bench = await connected();
    await bench.link(lost);
    bench.sleeper.wake(byUser);
    expect([bench.sleeper.stage, bench.packets.length]).toEqual(['waking', 1]);
    await bench.link(READY);
    expect([bench.sleeper.stage, bench.entries.at(-1)?.text]).toEqual(['awake', 'Awake: reached after Wake-on-LAN was sent.']);
  });
});
