import { describe, expect, it } from 'vitest';
import { createHostLink, type LinkState } from '../../../../main/hosts/ssh/link';
import { SshError, type SshErrorKind } from '../../../../main/protocols/ssh/errors';
import type { SshConnection } from '../../../../main/protocols/ssh/types';
import { fakeClock, type FakeClock } from '../../../fakes/clock';

const errorOf = (kind: SshErrorKind, text: string = kind) => new SshError(kind, text, { remedy: `Mend ${kind}.` });

interface Fake {
  readonly connection: SshConnection;
  pings: number;
  closed: boolean;
  /** When the host last said anything. */
  heardAt: number;
  /** The other side, or the network, ends it. */
  die(): void;
  /** What the next ping comes to. */
  answer: () => Promise<void>;
}

function fakeConnection(clock: FakeClock): Fake {
  let over = (_: SshError) => {};
  const closed = new Promise<SshError>((resolve) => (over = resolve));
  const fake: Fake = {
    closed: false,
    pings: 0,
    heardAt: clock.now(),
    answer: () => Promise.resolve(),
    die: () => over(errorOf('closed')),
    connection: {
      closed,
      async ping() {
        fake.pings += 1;
        await fake.answer();
      },
      heardAt: () => fake.heardAt,
      async close() {
        fake.closed = true;
        over(errorOf('closed', 'Closed by Reveille.'));
        await closed;
      },
    } as Partial<SshConnection> as SshConnection,
  };
  return fake;
}

interface Call {
  readonly signal: AbortSignal;
  readonly step: (step: string) => void;
  readonly resolve: (connection: SshConnection) => void;
  readonly reject: (error: unknown) => void;
  readonly at: number;
}

function createBench(random = 0.5, retryIn?: () => number | null) {
  const clock = fakeClock();
  const calls: Call[] = [];
  const states: LinkState[] = [];
  const link = createHostLink({
    clock,
    random: () => random,
    ...(retryIn ? { retryIn } : {}),
    connect: (signal, step) =>
      new Promise((resolve, reject) => calls.push({ signal, step, resolve, reject, at: clock.monotonic() })),
  });
  link.subscribe((state) => states.push(state));
  const turn = () => clock.advance(0);
  const last = () => {
    const call = calls.at(-1);
    if (!call) throw new Error('Nobody connects');
    return call;
  };
  return {
    clock,
    calls,
    states,
    link,
    turn,
    last,
    kinds: () => states.map(({ kind }) => kind),
    async fail(error: unknown = errorOf('refused')) {
      last().reject(error);
      await turn();
    },
    async succeed() {
      const fake = fakeConnection(clock);
      last().resolve(fake.connection);
      await turn();
      return fake;
    },
    /** How long the wait is that has begun, in ms. */
    async wait() {
      const begun = clock.monotonic();
      const count = calls.length;
      while (calls.length === count) await clock.advance(clock.untilNextTimer());
      return last().at - begun;
    },
  };
}

describe('a link', () => {
  it('begins offline, and tells its steps until it is ready', async () => {
    const { link, calls, states, last, succeed, clock } = createBench();
    expect([link.state, link.connection, link.lastReady]).toEqual([{ kind: 'offline' }, null, null]);
    expect(calls).toHaveLength(0);
    link.connectNow();
    last().step('Signing in');
    const fake = await succeed();
    expect(states).toEqual([
      { kind: 'connecting', step: 'Looking the host up' },
      { kind: 'connecting', step: 'Signing in' },
      { kind: 'ready' },
    ]);
    expect(link.connection).toBe(fake.connection);
    expect(link.lastReady).toBe(clock.now());
    last().step('too late');
    expect(link.state).toEqual({ kind: 'ready' });
  });

  it('is seen as it is by whoever is told, in the order they asked to be, until they ask no more', async () => {
    const { link, succeed } = createBench();
    const seen: string[] = [];
    const leave = link.subscribe((state) => seen.push(`first ${state.kind} ${link.state.kind}`));
    link.subscribe((state) => {
      seen.push(`second ${state.kind} ${link.connection === null ? 'without' : 'with'}`);
      leave();
    });
    link.connectNow();
    await succeed();
    expect(seen).toEqual(['first connecting connecting', 'second connecting without', 'second ready with']);
  });

  it('waits longer after each failure, and says until when and why', async () => {
    const { link, fail, wait, clock } = createBench();
    link.connectNow();
    const waits: number[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      await fail();
      expect(link.state).toEqual({
        kind: 'backoff',
        nextTry: clock.now() + clock.untilNextTimer(),
        reason: 'refused',
        remedy: 'Mend refused.',
      });
      waits.push(await wait());
    }
    expect(waits).toEqual([500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 60_000, 60_000]);
  });

  it.each([
    [0, 0.8],
    [0.25, 0.9],
    [1, 1.2],
  ])('(random %d) spreads its waits by up to a fifth', async (random, factor) => {
    const { link, fail, wait } = createBench(random);
    link.connectNow();
    for (const plain of [500, 1000, 2000]) {
      await fail();
      expect(await wait()).toBeCloseTo(plain * factor, 6);
    }
  });

  it.each<SshErrorKind>(['host-key', 'authentication'])('is blocked by %s, and tries no more by itself', async (kind) => {
    const { link, fail, calls, clock, succeed } = createBench();
    link.connectNow();
    await fail(errorOf(kind, 'No.'));
    expect(link.state).toEqual({ kind: 'blocked', reason: 'No.', remedy: `Mend ${kind}.` });
    await clock.advance(24 * 3_600_000);
    link.recheck();
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    link.connectNow();
    await succeed();
    expect(link.state).toEqual({ kind: 'ready' });
  });

  it.each<SshErrorKind>(['name', 'unreachable', 'refused', 'timeout', 'closed', 'protocol', 'channel'])(
    'tries again after %s',
    async (kind) => {
      const { link, fail, wait } = createBench();
      link.connectNow();
      await fail(errorOf(kind));
      expect(await wait()).toBe(500);
    },
  );

  it('shows a fault of our own, and goes on', async () => {
    const { link, fail, wait } = createBench();
    link.connectNow();
    await fail(new TypeError('x is undefined'));
    expect(link.state).toMatchObject({ kind: 'backoff', reason: expect.stringContaining('x is undefined') });
    expect(await wait()).toBe(500);
  });

  it('connects now where it waited, with the short waits again', async () => {
    const { link, fail, wait, calls, clock } = createBench();
    link.connectNow();
    for (let tries = 0; tries < 6; tries += 1) {
      await fail();
      await wait();
    }
    await fail();
    const before = calls.length;
    link.connectNow();
    expect(calls).toHaveLength(before + 1);
    expect(clock.pendingTimers()).toBe(0);
    link.connectNow();
    expect(calls).toHaveLength(before + 1);
    await fail();
    expect(await wait()).toBe(500);
  });

  it('is made again when it is lost, and keeps when the host was last heard of', async () => {
    const { link, succeed, wait, clock } = createBench();
    link.connectNow();
    const fake = await succeed();
    await clock.advance(40_000);
    const lost = clock.now();
    fake.heardAt = lost;
    clock.sleep(8 * 3_600_000);
    await clock.advance(12_000);
    fake.die();
    await clock.advance(0);
    expect(link.state).toMatchObject({ kind: 'backoff', reason: 'closed' });
    expect(link.connection).toBeNull();
    expect(await wait()).toBe(500);
    expect(link.lastReady).toBe(lost);
  });

  it('that dies at once, again and again, waits longer each time; one that lived begins anew', async () => {
    const { link, succeed, wait, clock } = createBench();
    link.connectNow();
    const waits: number[] = [];
    const live = async (ms: number) => {
      const fake = await succeed();
      await clock.advance(ms);
      fake.die();
      await clock.advance(0);
      waits.push(await wait());
    };
    for (const ms of [0, 100, 29_999, 0]) await live(ms);
    expect(waits.splice(0)).toEqual([500, 1000, 2000, 5000]);
    await live(30_000);
    await live(0);
    expect(waits).toEqual([500, 1000]);
  });

  it('that waits is tried at once after this computer woke', async () => {
    const { link, fail, wait, calls } = createBench();
    link.connectNow();
    for (let tries = 0; tries < 5; tries += 1) {
      await fail();
      await wait();
    }
    await fail();
    const before = calls.length;
    link.recheck();
    expect(calls).toHaveLength(before + 1);
    await fail();
    expect(await wait()).toBe(500);
  });

  it('that stands is probed after this computer woke: one that does not answer is ended and made again', async () => {
    const { link, succeed, turn, calls, wait, clock } = createBench();
    link.connectNow();
    const well = await succeed();
    link.recheck();
    await turn();
    expect([well.pings, well.closed, link.state.kind]).toEqual([1, false, 'ready']);
    well.answer = () => Promise.reject(errorOf('channel'));
    link.recheck();
    await turn();
    expect([well.closed, link.state.kind]).toEqual([false, 'ready']);
    well.answer = () => Promise.reject(errorOf('timeout'));
    link.recheck();
    await turn();
    expect(well.closed).toBe(true);
    expect(link.state).toMatchObject({ kind: 'backoff', reason: 'timeout', remedy: 'Mend timeout.' });
    expect(await wait()).toBe(500);
    expect(calls).toHaveLength(2);
    const next = await succeed();
    await clock.advance(0);
    next.die();
    await clock.advance(0);
    expect(link.state).toMatchObject({ kind: 'backoff', reason: 'closed' });
  });

  it('that waits long after many failures has the short waits again when it was rechecked while it connected', async () => {
    const { link, fail, wait } = createBench();
    link.connectNow();
    for (let tries = 0; tries < 6; tries += 1) {
      await fail();
      await wait();
    }
    link.recheck();
    await fail();
    expect(await wait()).toBe(500);
  });

  it('that is probed and lost meanwhile is not ended by the probe of the connection before', async () => {
    const { link, succeed, turn, wait } = createBench();
    link.connectNow();
    const before = await succeed();
    let tooLate = () => {};
    before.answer = () => new Promise((_, reject) => (tooLate = () => reject(errorOf('timeout'))));
    link.recheck();
    before.die();
    await turn();
    await wait();
    const next = await succeed();
    tooLate();
    await turn();
    expect([next.closed, link.state.kind]).toEqual([false, 'ready']);
  });

  it('is not probed or tried while it connects, and never begun by a recheck', async () => {
    const { link, calls, turn } = createBench();
    link.recheck();
    await turn();
    expect(calls).toHaveLength(0);
    link.connectNow();
    link.recheck();
    await turn();
    expect(calls).toHaveLength(1);
  });
});

describe('a link that is stopped', () => {
  it('while it connects gives up, and closes what comes all the same', async () => {
    const { link, last, turn, states, clock } = createBench();
    link.connectNow();
    await link.stop();
    expect(last().signal.aborted).toBe(true);
    expect(link.state).toEqual({ kind: 'offline' });
    const fake = fakeConnection(clock);
    last().resolve(fake.connection);
    await turn();
    expect(fake.closed).toBe(true);
    expect([link.state.kind, link.connection]).toEqual(['offline', null]);
    expect(states.map(({ kind }) => kind)).toEqual(['connecting', 'offline']);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('while it connects does not mind a late failure', async () => {
    const { link, fail, clock } = createBench();
    link.connectNow();
    await link.stop();
    await fail();
    expect(link.state).toEqual({ kind: 'offline' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('while it waits, or is ready, stays stopped', async () => {
    for (const ready of [false, true]) {
      const { link, fail, succeed, calls, clock, kinds } = createBench();
      link.connectNow();
      const fake = ready ? await succeed() : (await fail(), null);
      await link.stop();
      expect(fake?.closed ?? true).toBe(true);
      link.connectNow();
      link.recheck();
      await clock.advance(600_000);
      expect(calls).toHaveLength(1);
      expect(link.state).toEqual({ kind: 'offline' });
      expect(kinds()).toEqual(['connecting', ready ? 'ready' : 'backoff', 'offline']);
      await link.stop();
    }
  });
});

describe('a link to a host of which more is known', () => {
  it('waits as long as it is told to, and as after any loss when it is told nothing', async () => {
    let rest: number | null = 15 * 60_000;
    const { link, succeed, fail, wait, clock, states } = createBench(0.5, () => rest);
    link.connectNow();
    (await succeed()).die();
    await clock.advance(0);
    expect(states.at(-1)).toMatchObject({ kind: 'backoff', nextTry: clock.now() + 15 * 60_000 });
    expect(await wait()).toBe(15 * 60_000);
    rest = null;
    await fail();
    expect(await wait()).toBe(1000);
  });

  it('is connected to at once when that is asked for', async () => {
    const { link, calls, fail, clock } = createBench(0.5, () => 15 * 60_000);
    link.connectNow();
    await fail();
    await clock.advance(1000);
    link.connectNow();
    expect(calls).toHaveLength(2);
  });
});
