import { describe, expect, it } from 'vitest';
import type { HostSleep } from '../../../main/host-power/records';
import { byUser } from '../../../main/power/actor';
import { CARD, createBench, lost, surveyOf, type Bench } from './bench';

const HOUR = 3_600_000;
const READY = { kind: 'ready' } as const;

/** Connected, and asked what it offers. */
async function connected(prepare: (bench: Bench) => void = () => undefined): Promise<Bench> {
  const bench = createBench();
  prepare(bench);
  bench.sleeper.start();
  await bench.link(READY);
  return bench;
}

describe('after a restart of the app', () => {
  const kept = (over: Partial<HostSleep>, wakesIn = HOUR) => {
    const bench = createBench();
    const sleep: HostSleep = { phase: 'asleep', means: 'rtcwake', since: bench.clock.now() - HOUR, wakesAt: bench.clock.now() + wakesIn, bootId: 'boot-1', slept: 4, ...over };
    return createBench({ sleep, network: surveyOf().network }, bench.clock);
  };

  it('it still sleeps, until the same time, and can be woken', async () => {
    const bench = kept({});
    bench.sleeper.start();
    await bench.link(lost);
    expect([bench.sleeper.stage, bench.sleeper.retryIn()]).toEqual(['asleep', 15 * 60_000]);
    await bench.clock.advance(HOUR);
    expect(bench.sleeper.stage).toBe('waking');
  });

  it('a wake time that passed meanwhile is gone after at once', async () => {
    const bench = kept({}, -HOUR);
    bench.sleeper.start();
    expect([bench.sleeper.stage, bench.connects()]).toEqual(['waking', 1]);
  });

  it('a command that was taken counts when it cannot be reached, and not when it can', async () => {
    const gone = kept({ phase: 'accepted' });
    gone.sleeper.start();
    expect(gone.sleeper.stage).toBe('falling-asleep');
    await gone.link(lost);
    expect(gone.sleeper.stage).toBe('asleep');
    const there = kept({ phase: 'accepted' });
    there.sleeper.start();
    await there.link(READY);
    expect([there.sleeper.stage, there.entries.at(-1)?.text]).toEqual(['awake', expect.stringContaining('did not sleep')]);
  });

  it('a command that may not have been asked for is no sleep', async () => {
    const bench = kept({ phase: 'begun' });
    bench.sleeper.start();
    await bench.link(lost);
    expect([bench.sleeper.stage, bench.kept()?.sleep]).toEqual(['awake', null]);
    expect(bench.entries).toMatchObject([{ failed: true, text: expect.stringContaining('Reveille ended') }]);
  });
});

describe('what is asked of a host', () => {
  it('sudo is asked once in ten minutes, and before every sleep', async () => {
    const bench = await connected();
    await bench.link(lost);
    await bench.link(READY);
    expect(bench.permissions).toEqual([true, false]);
    await bench.clock.advance(10 * 60_000);
    await bench.link(READY);
    await bench.sleeper.sleep({ when: { kind: 'for', ms: HOUR }, first: 'leave', by: byUser });
    expect(bench.permissions).toEqual([true, false, true, true]);
  });

  it('a libvirt that comes later is learnt, and what sudo said is kept', async () => {
    const bench = await connected((each) => (each.survey = surveyOf({ sudo: { rtcwake: true, systemctl: false } })));
    bench.survey = surveyOf({ libvirt: 'sleeps' });
    bench.sleeper.listChanged();
    await bench.settle();
    expect(bench.sleeper.survey).toMatchObject({ libvirt: 'sleeps', sudo: { rtcwake: true } });
  });

  it('a card is kept over a connection that does not tell', async () => {
    const bench = await connected();
    bench.survey = surveyOf({ network: { address: null, prefix: null, cards: [] } });
    await bench.link(lost);
    await bench.link(READY);
    expect([bench.sleeper.network?.cards, bench.kept()?.network?.cards]).toEqual([[CARD], [CARD]]);
  });
});
